package limits

// Size returns the number of states.
func (m *Memory) Size() int { return m.keys.size() + m.counters.size() }
