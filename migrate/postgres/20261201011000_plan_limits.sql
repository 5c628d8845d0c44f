-- A plan may limit single endpoints, let calls go on beyond its quota, and have a spending cap.
ALTER TABLE "plans" ADD COLUMN "endpoint_limits" jsonb NULL, ADD COLUMN "overage" character varying NOT NULL DEFAULT 'REFUSE', ADD COLUMN "spending_cap" character varying NULL, ADD COLUMN "calls_within_cap" bigint NULL,
  ADD CONSTRAINT "plans_endpoint_limits" CHECK (endpoint_limits IS NULL OR length(CAST(endpoint_limits AS text)) <= 20000),
  ADD CONSTRAINT "plans_overage" CHECK (overage IN ('REFUSE', 'CONTINUE')),
  ADD CONSTRAINT "plans_spending_cap" CHECK (spending_cap IS NULL OR (kind IN ('METERED', 'TIERED') AND length(spending_cap) BETWEEN 1 AND 20)),
  ADD CONSTRAINT "plans_calls_within" CHECK (calls_within_cap IS NULL OR (spending_cap IS NOT NULL AND calls_within_cap > 0));
