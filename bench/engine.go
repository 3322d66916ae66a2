package bench

import (
	"errors"
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	proto "github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/tlstest"
	"github.com/handsel-tls/handsel/tls"
)

// bare is this project's engine without package tls around it: no net.Conn, no
// time limit, no callbacks. The difference is what package tls costs.
type bare struct{}

func (bare) name() string { return "engine" }

func (bare) prepare(s scenario) (func(*meter) error, error) {
	if !s.server {
		return nil, errors.New("a client's chains are verified by package tls")
	}
	under := settings(s)
	under.Tickets, under.Record = new(session.Keys), true
	return s.runner(settings(s), func(m *meter, p *peer) (kind, error) {
		c, err := bareHandshake(m, under, p)
		if err != nil {
			return kind{}, err
		}
		e := c.Established()
		return kind{uint16(e.Version), uint16(e.Suite), tls.CurveID(e.Group), e.Resumed}, nil
	})
}

// bareHandshake runs a handshake between an engine that is a server and a peer.
func bareHandshake(m *meter, config *proto.Config, p *peer) (*engine.Conn, error) {
	h := &tlstest.Host{Config: config, Credential: chain()}
	m.enter()
	c := engine.NewServer(config, tlstest.Now)
	m.leave()
	var in []byte
	for range 10 {
		in = append(in, p.take(c.Output())...)
		c.Sent()
		if c.Complete() && p.conn.Complete() {
			if c.Record() == nil && config.Record {
				return nil, errors.New("there is no record of the handshake")
			}
			return c, nil
		}
		m.enter()
		n, err := advance(c, h, in)
		m.leave()
		if err != nil {
			return nil, err
		}
		in = in[:copy(in, in[n:])]
	}
	return nil, errors.Join(errors.New("the handshake does not end"), p.conn.Err())
}

// advance gives the engine records and answers its questions, as package tls
// does it, and gives how many bytes it took.
func advance(c *engine.Conn, h *tlstest.Host, in []byte) (taken int, err error) {
	for {
		n, _, err := c.Input(in[taken:], tlstest.Now)
		taken += n
		for a := c.Pending(); a != nil && err == nil; a = c.Pending() {
			err = c.Answer(h.Answer(a), tlstest.Now)
		}
		if n == 0 || err != nil {
			return taken, err
		}
	}
}

func (bare) bulk(count int, send bool) (time.Duration, error) {
	p, err := newPeer(bulkScenario, settings(bulkScenario))
	if err != nil {
		return 0, err
	}
	c, err := bareHandshake(&meter{}, settings(bulkScenario), p)
	if err != nil {
		return 0, err
	}
	data, buf := make([]byte, recordSize), make([]byte, 0, 2*recordSize)
	if send {
		return timed(count, nil, func() error {
			buf, err = c.Seal(buf[:0], data)
			return errors.Join(err, isRecord(buf))
		})
	}
	records, each, err := recordsOf(p, count)
	if err != nil {
		return 0, err
	}
	next := func() { buf = append(buf[:0], records[:each]...); records = records[each:] }
	return timed(count, next, func() error {
		n, got, err := c.Input(buf, tlstest.Now)
		if err == nil && (n != each || len(got) != recordSize) {
			err = fmt.Errorf("%d bytes of %d were taken, with %d bytes of data", n, each, len(got))
		}
		return err
	})
}
