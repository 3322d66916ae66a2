package pcap

import "errors"

// ErrNoLive says that there is no live capture on this system.
var ErrNoLive = errors.New("capturing from an interface needs Linux: capture with tcpdump -w - there, and read that")

// Any stands for all interfaces together. Their packets have no link layer.
const Any = "any"

// LiveOptions are those of a live capture. The zero value captures everything
// that this host sends and gets.
type LiveOptions struct {
	Filter      *Filter // nil: none
	Promiscuous bool    // also frames that are for others
	Blocks      int     // of 256 KiB that the kernel keeps until they are read; 0: 128
}

// LiveStats counts packets that have passed the filter.
type LiveStats struct {
	Received int // by the kernel
	Dropped  int // of them: there was no room for them
}
