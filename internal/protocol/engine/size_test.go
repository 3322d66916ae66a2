package engine

import (
	"testing"
	"unsafe"
)

// TestConnSize: the heap has classes of sizes, and puts 8 bytes before what has
// pointers. A Conn that outgrows its class costs every idle connection 128 bytes.
func TestConnSize(t *testing.T) {
	const class = 1024
	if n := unsafe.Sizeof(Conn{}) + 8; n > class {
		t.Errorf("a Conn takes %d bytes, and has a class of %d: put what few connections need behind a pointer, as handshake.Legacy is", n, class)
	}
}
