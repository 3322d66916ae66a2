package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// exchange is what happens on a connection: a handshake, what the shim has to
// say first, and every byte that comes, turned, until the peer closes.
func (x *conn) exchange(resuming bool) error {
	c := x.config
	if !c.implicitHandshake {
		if err := x.explicitHandshake(resuming); err != nil {
			return err
		}
	}
	x.started = true
	if c.early.notOffered && resuming && x.engine.Established().Early != nil {
		return errors.New("early data is offered")
	}
	if c.early.writeAfter != 0 {
		if err := x.waitForMessage(); err != nil {
			return err
		}
	}
	if c.neverDone && x.engine.Complete() {
		return errors.New("the handshake is complete, which it should never be")
	}
	if err := x.sendExported(); err != nil {
		return err
	}
	if c.keyUpdate {
		if err := x.engine.KeyUpdate(false); err != nil {
			return err
		}
	}
	switch {
	case c.sendAlert:
		return x.abort()
	case c.recordSizes:
		if err := x.writeSizes(); err != nil {
			return err
		}
	case c.shimWritesFirst || c.unfinishedWrite:
		for range c.initialWrites {
			if err := x.write([]byte(c.initialWrite)); err != nil {
				return err
			}
		}
	}
	if !c.shimShutsDown && !c.recordSizes {
		if err := x.echo(); err != nil {
			return err
		}
	}
	if err := x.checkCount(); err != nil {
		return err
	}
	if err := x.checkAtEnd(resuming); err != nil {
		return err
	}
	return x.shutdown()
}

// explicitHandshake makes the handshake before any data, and again as often as
// the flags want it.
func (x *conn) explicitHandshake(resuming bool) error {
	if err := x.handshake(); err != nil {
		return err
	}
	if err := x.check(resuming); err != nil {
		return err
	}
	if x.config.handshakeTwice {
		if err := x.pump(x.engine.Complete); err != nil {
			return err
		}
	}
	if x.config.noOpHandshake {
		if err := x.handshake(); err != nil {
			return fmt.Errorf("a handshake that is complete: %w", err)
		}
	}
	return nil
}

// abort ends the connection with the alert that the runner waits for.
func (x *conn) abort() error {
	if err := x.handshake(); err != nil {
		return err
	}
	x.engine.Alert(iana.AlertDecompressionFailure, x.host.peer.now())
	return x.flush()
}

// writeSizes writes data of sizes at which records begin and end.
func (x *conn) writeSizes() error {
	for _, n := range []int{0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769} {
		if err := x.write(bytes.Repeat([]byte{0x42}, n)); err != nil {
			return err
		}
	}
	return nil
}

// echo sends back what comes, with every bit turned.
func (x *conn) echo() error {
	size := 512
	if x.config.readSize > 0 {
		size = x.config.readSize
	}
	for {
		data, err := x.read(size)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, fault.TruncatedData):
			return nil // shutdown tells the two apart
		case err != nil:
			return err
		}
		turned := make([]byte, len(data))
		for i, b := range data {
			turned[i] = ^b
		}
		if err := x.write(turned); err != nil {
			return err
		}
	}
}

// shutdown closes the connection: without a word, unless the runner wants to
// see both sides say close_notify.
func (x *conn) shutdown() error {
	if !x.config.checkCloseNotify {
		return nil
	}
	x.engine.Close()
	if err := x.flush(); err != nil {
		return err
	}
	err := x.pump(func() bool { return len(x.plain) > 0 })
	switch {
	case len(x.plain) > 0:
		return errDataOnShutdown
	case x.engine.CloseReceived():
		return nil
	case err == nil || errors.Is(err, fault.TruncatedData):
		return errNoCloseNotify
	}
	return err
}

// The runner looks for these words.
var (
	errNotComplete    = errors.New(":HANDSHAKE_NOT_COMPLETE: there is no keying material yet")
	errDataOnShutdown = errors.New(":APPLICATION_DATA_ON_SHUTDOWN: application data came in place of close_notify")
	//lint:ignore ST1005 the runner looks for these very words
	errNoCloseNotify = errors.New("Unexpected SSL_shutdown result: -1 != 1")
)
