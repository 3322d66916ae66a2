package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// exportConfig is what the flags say of keying material: the shim sends it to
// the runner, which has its own to compare.
type exportConfig struct {
	length         int
	label, context string
	useContext     bool
	betweenReads   bool
	secrets        bool // the traffic secrets, too
	unique         bool // tls-unique, first of all
}

var exportFlags = flags{
	"export-keying-material":     number(func(c *config) *int { return &c.export.length }),
	"export-label":               text(func(c *config) *string { return &c.export.label }),
	"export-context":             text(func(c *config) *string { return &c.export.context }),
	"use-export-context":         yes(func(c *config) *bool { return &c.export.useContext }),
	"use-exporter-between-reads": yes(func(c *config) *bool { return &c.export.betweenReads }),
	"tls-unique":                 yes(func(c *config) *bool { return &c.export.unique }),
	"export-traffic-secrets":     yes(func(c *config) *bool { return &c.export.secrets }),
}

// sendExported sends the keying material that the flags ask for.
func (x *conn) sendExported() error {
	e := &x.config.export
	if e.unique {
		if err := x.handshake(); err != nil {
			return err
		}
		unique := x.engine.Established().TLSUnique()
		if unique == nil {
			return errors.New("failed to get tls-unique")
		}
		if err := x.write(unique); err != nil {
			return err
		}
	}
	if e.length > 0 {
		var context []byte
		if e.useContext {
			context = append([]byte{}, e.context...)
		}
		if err := x.handshake(); err != nil {
			return err
		}
		if x.sendsEarly() {
			return errNotComplete
		}
		b, err := x.engine.Export(e.label, context, e.length)
		if err != nil {
			return fmt.Errorf("failed to export keying material: %w", err)
		}
		if err := x.write(b); err != nil {
			return err
		}
	}
	if !e.secrets {
		return nil
	}
	done := x.engine.Established()
	read, write := done.ReadTraffic.Bytes(), done.WriteTraffic.Bytes()
	b := binary.LittleEndian.AppendUint16(nil, uint16(len(read)))
	return x.write(append(append(b, read...), write...))
}
