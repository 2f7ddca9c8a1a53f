-- revision: e5
-- parent: d4
-- irreversible: an example

SET standard_conforming_strings = off;
INSERT INTO cities VALUES ('C:\temp');
