package rowscan

// Computed is what was computed for a row and read with it, by name.
type Computed []computed

type computed struct {
	name  string
	value any
}

// Get returns a value; nil if there is none.
func (c Computed) Get(name string) any {
	for _, one := range c {
		if one.name == name {
			return one.value
		}
	}
	return nil
}

// Set adds a value.
func (c *Computed) Set(name string, value any) { *c = append(*c, computed{name, value}) }
