package wire

import "testing"

// A loop that breaks off must stop the iterator, or it panics.
func TestIteratorsStop(t *testing.T) {
	n := 0
	for range KeyShareClient(unhex("001d 0001 aa 0017 0001 bb")).All() {
		n++
		break
	}
	for range ProtocolNameList(unhex("01 61 01 62")).All() {
		n++
		break
	}
	for range OIDFilters(unhex("01 06 0000 01 07 0000")).All() {
		n++
		break
	}
	for range ECHConfigs(unhex("fe0d 0000 fe0d 0000")).All() {
		n++
		break
	}
	m13 := Certificate13{List: unhex("000001 30 0000 000001 31 0000")}
	for range m13.Entries() {
		n++
		break
	}
	m12 := Certificate12{List: unhex("000001 30 000001 31")}
	for range m12.All() {
		n++
		break
	}
	if n != 6 {
		t.Errorf("%d loops ran, want 6", n)
	}
}
