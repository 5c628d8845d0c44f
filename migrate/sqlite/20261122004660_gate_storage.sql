-- On Postgres this sets how tables are stored; SQLite has nothing to set.
SELECT 1;
