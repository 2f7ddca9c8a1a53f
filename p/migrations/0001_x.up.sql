-- revision: aaaaaaaaaaaa
-- parent: none
-- message: x
-- irreversible: x

SELECT count(*) FROM public.v;
CREATE OR REPLACE VIEW public.v AS SELECT 1 AS a;
