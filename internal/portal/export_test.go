package portal

// AttemptLife exports attemptLife, to be compared with the limiter's.
const AttemptLife = attemptLife
