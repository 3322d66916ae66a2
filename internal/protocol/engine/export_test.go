package engine

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// ExportWithoutEMS exports from a TLS 1.2 connection without
// extended_master_secret, which neither of our ends would make.
func ExportWithoutEMS() error {
	c := &Conn{complete: true}
	c.established.Version = iana.TLS12
	_, err := c.Export("EXPORTER-a", nil, 16)
	return err
}

// RenewKeys12 does what comes after 2^24.5 records of TLS 1.2.
func RenewKeys12() error {
	c := &Conn{complete: true}
	c.established.Version = iana.TLS12
	return c.renewWriteKeys()
}

// IgnoreWriteLimit forgets what the peer allows.
func (c *Conn) IgnoreWriteLimit() { c.write.SetLimit(0) }
