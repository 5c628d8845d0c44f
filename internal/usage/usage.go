// Package usage holds the types with which calls are counted: a call and the row
// that counts it, the intervals of time, what gateways report, queries and their
// results, and the bounds within which no sum overflows.
//
// It reads and writes no database. What it describes is stored and read by
//
//   - intake, which counts calls in memory, takes in the reports of gateways, and
//     stores both exactly once,
//   - counts, which owns the tables of minutes, hours and days, and
//   - report, which answers how many calls there were.
//
// Every answer is exact for what is stored, whatever has been rolled up so far:
// see docs/decisions/0010.
package usage

import "time"

// NodeTimeout is the time after which a node that no longer updates its row in
// gate_nodes is taken to have ended. Only what it left in the journal is waited for.
const NodeTimeout = 65 * time.Second
