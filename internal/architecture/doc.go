// Package architecture holds no code. Its tests hold the shape of the program:
// who may import whom, that every package says what it is for, and that files
// and functions stay short enough to be read at once.
package architecture
