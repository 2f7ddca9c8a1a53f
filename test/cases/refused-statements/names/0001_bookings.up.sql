-- revision: a1
-- parent: none
-- irreversible: an example

CREATE FUNCTION ends(room integer) RETURNS SETOF date
BEGIN ATOMIC
  SELECT b.end FROM bookings b WHERE b.room = $1;
END;
