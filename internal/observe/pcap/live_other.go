//go:build !linux

package pcap

// A Live is a live capture, which this system has not.
type Live struct{}

// Listen gives ErrNoLive.
func Listen(string, LiveOptions) (*Live, error) { return nil, ErrNoLive }

// Next gives ErrNoLive.
func (*Live) Next(*Packet) error { return ErrNoLive }

// Waiting reports no packet.
func (*Live) Waiting() bool { return false }

// Secrets gives nothing.
func (*Live) Secrets() []byte { return nil }

// Stats gives nothing.
func (*Live) Stats() (LiveStats, error) { return LiveStats{}, ErrNoLive }

// Stop does nothing.
func (*Live) Stop() {}

// Close does nothing.
func (*Live) Close() error { return nil }
