-- The journal's rows live for seconds and do not get smaller by compression.
ALTER TABLE "usage_journal" ALTER COLUMN "body" SET STORAGE EXTERNAL;
-- Counts are changed in place, over and over: leave room for that on each page.
ALTER TABLE "usage_minutes" SET (fillfactor = 70);
ALTER TABLE "usage_hours" SET (fillfactor = 70);
ALTER TABLE "usage_days" SET (fillfactor = 70);
ALTER TABLE "quota_counts" SET (fillfactor = 70);
