-- What has a label is found by it: see hasLabel of package apps. Rows are added at once, as in the indexes of what is searched. SQLite has no such index
CREATE INDEX "apps_labels" ON "apps" USING gin ("labels" jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX "credentials_labels" ON "credentials" USING gin ("labels" jsonb_path_ops) WITH (fastupdate = off);
