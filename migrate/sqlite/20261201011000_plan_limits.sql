-- A plan may limit single endpoints, let calls go on beyond its quota, and have a spending cap.
ALTER TABLE `plans` ADD COLUMN `endpoint_limits` json NULL CONSTRAINT `plans_endpoint_limits` CHECK (endpoint_limits IS NULL OR length(CAST(endpoint_limits AS text)) <= 20000);
ALTER TABLE `plans` ADD COLUMN `overage` text NOT NULL DEFAULT ('REFUSE') CONSTRAINT `plans_overage` CHECK (overage IN ('REFUSE', 'CONTINUE'));
ALTER TABLE `plans` ADD COLUMN `spending_cap` text NULL CONSTRAINT `plans_spending_cap` CHECK (spending_cap IS NULL OR (kind IN ('METERED', 'TIERED') AND length(spending_cap) BETWEEN 1 AND 20));
ALTER TABLE `plans` ADD COLUMN `calls_within_cap` integer NULL CONSTRAINT `plans_calls_within` CHECK (calls_within_cap IS NULL OR (spending_cap IS NOT NULL AND calls_within_cap > 0));
