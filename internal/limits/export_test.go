package limits

// Size is the number of states held.
func (m *Memory) Size() int { return m.keys.size() + m.subscriptions.size() }
