package bench

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/synth"
	"github.com/handsel-tls/handsel/internal/protocol/engine"
	proto "github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// meanAnswer is how long the server's answer is in the mean, so that a
// connection has as many bytes as WriteCapture says.
const meanAnswer = 4550

// A talker makes one connection.
type talker struct {
	*talk
	random io.Reader
	dice   *rand.Rand
	tcp    *synth.Conn
	frames [][]byte
	ends   [2]end // by trace.Side-1
}

// An end is one side of a connection.
type end struct {
	conn     *engine.Conn
	host     *tlstest.Host
	in, data []byte
}

// run makes the connection of a number.
func (t *talk) run(number int) result {
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("connection %d", number))
	k := &talker{talk: t, random: stream{rand.NewChaCha8(seed)}, dice: rand.New(rand.NewPCG(3, uint64(number)))}
	err := k.connection(number)
	k.disturb()
	return result{t, k.frames, err}
}

func (k *talker) connection(number int) error {
	var offered *proto.Offered
	cache := session.NewCache(1)
	if k.resume { // the connection before this one is not in the capture
		if err := k.begin(number, nil, cache); err != nil {
			return err
		}
		k.tcp.Packet = func(*pcap.Packet) {}
		if err := k.handshake(); err != nil {
			return err
		}
		for _, o := range k.ends[trace.Server-1].conn.TakeSessions() {
			cache.Put(o.SessionID, o.State)
		}
		all := k.ends[trace.Client-1].conn.TakeSessions()
		if len(all) == 0 {
			return errors.New("there is no session to resume")
		}
		offered = all[0]
	}
	if err := k.begin(number, offered, cache); err != nil {
		return err
	}
	return k.whole()
}

// begin makes both ends and the connection of TCP.
func (k *talker) begin(number int, offered *proto.Offered, cache *session.Cache) error {
	site := number % sites
	client, server := k.hosts(site, k.random)
	client.Config.Session = offered
	server.Sessions = cache
	c, err := engine.NewClient(client.Config, tlstest.Now)
	if err != nil {
		return err
	}
	k.ends = [2]end{{conn: c, host: client}, {conn: engine.NewServer(server.Config, tlstest.Now), host: server}}
	from := netip.AddrFrom4([4]byte{10, byte(number >> 16), byte(number >> 8), byte(number)})
	to := netip.AddrFrom4([4]byte{203, 0, 113, byte(site)})
	if number%10 == 3 {
		from = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 1, 13: byte(number >> 16), 14: byte(number >> 8), 15: byte(number)})
		to = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 2, 15: byte(site)})
	}
	k.tcp = synth.New("0.0.0.0:1", "0.0.0.0:1", func(p *pcap.Packet) { k.frames = append(k.frames, append([]byte(nil), p.Data...)) })
	k.tcp.Client = netip.AddrPortFrom(from, uint16(32768+number%28000))
	k.tcp.Server = netip.AddrPortFrom(to, []uint16{443, 443, 443, 8443}[number%4])
	k.tcp.Delayed = number%3 != 0
	k.tcp.Seq = [2]uint32{k.dice.Uint32(), k.dice.Uint32()}
	return nil
}

// flush sends what a side has to send, and reports whether that was anything.
func (k *talker) flush(from trace.Side) bool {
	e := &k.ends[from-1]
	e.conn.Reply()
	out := append([]byte(nil), e.conn.Output()...)
	e.conn.Sent()
	k.send(from, out)
	return len(out) > 0
}

// send carries bytes to the other side.
func (k *talker) send(from trace.Side, b []byte) {
	if len(b) == 0 {
		return
	}
	k.tcp.Send(from, b)
	to := &k.ends[from.Other()-1]
	to.in = append(to.in, b...)
	tlstest.Feed(to.conn, to.host, &to.in, &to.data)
}

// handshake runs until both sides have nothing more to say.
func (k *talker) handshake() error {
	for range 20 {
		client := k.flush(trace.Client)
		if server := k.flush(trace.Server); !client && !server {
			return errors.Join(k.ends[0].conn.Err(), k.ends[1].conn.Err())
		}
	}
	return errors.New("the handshake does not end")
}

// whole is a connection from its SYN to its FIN, or to its failure.
func (k *talker) whole() error {
	k.tcp.Open()
	switch k.failure {
	case byReset: // of the server, by the ClientHello
		k.flush(trace.Client)
		k.tcp.Reset(trace.Server)
		return nil
	case bySilence:
		k.flush(trace.Client)
		return nil
	case byLeaving: // the client goes away after the server's first flight
		k.flush(trace.Client)
		k.flush(trace.Server)
		k.tcp.Close(trace.Client)
		return nil
	}
	err := k.handshake()
	if k.failure == byAlert {
		if err == nil {
			return errors.New("the handshake did not fail")
		}
		k.tcp.Close(trace.Server)
		return nil
	}
	if err != nil {
		return err
	}
	if e := k.ends[0].conn.Established(); e.Version != k.version || e.Resumed != k.resume || e.Retried != (k.shares != nil) {
		return fmt.Errorf("the handshake was of another kind: %v, resumed %v, retried %v", e.Version, e.Resumed, e.Retried)
	}
	if err := k.say(trace.Client, 200+k.dice.IntN(500)); err != nil {
		return err
	}
	if err := k.say(trace.Server, 300+k.dice.IntN(meanAnswer*2)); err != nil {
		return err
	}
	k.ends[trace.Client-1].conn.Close()
	k.flush(trace.Client)
	k.tcp.Close(trace.Client)
	return nil
}

// say sends application data.
func (k *talker) say(from trace.Side, n int) error {
	data := make([]byte, n)
	_, _ = k.random.Read(data) // never fails
	b, err := k.ends[from-1].conn.Seal(nil, data)
	if err == nil {
		k.send(from, b)
	}
	return err
}

// disturb lets a few segments come twice, or after the next one.
func (k *talker) disturb() {
	const long = 200 // bytes; shorter frames are left alone
	for i := 4; i+1 < len(k.frames); i++ {
		if len(k.frames[i]) < long {
			continue
		}
		switch k.dice.IntN(400) {
		case 0:
			k.frames = append(k.frames[:i+1], append([][]byte{k.frames[i]}, k.frames[i+1:]...)...)
			i++
		case 1:
			k.frames[i], k.frames[i+1] = k.frames[i+1], k.frames[i]
			i++
		}
	}
}

// captureTime is the clock of all connections.
func captureTime() time.Time { return tlstest.Now }

// hosts gives both sides of a talk.
func (t *talk) hosts(site int, random io.Reader) (client, server *tlstest.Host) {
	p := t.policy()
	config := proto.Config{
		Policy: p, Rand: random, Now: captureTime, ServerName: siteName(site), Protocols: []string{"h2", "http/1.1"},
		ClientTickets: true, Renegotiation: proto.RenegotiateNever,
	}
	c, s := config, config
	if s.SessionIDs = t.ids; !t.ids {
		s.Tickets = ticketKeys()
	}
	client, server = &tlstest.Host{Config: &c}, &tlstest.Host{Config: &s, Credential: credential(site, t.rsa)}
	if t.clientAuth {
		s.ClientAuth = proto.RequireClientAuth
		client.Credential = credential(site, false)
	}
	if t.change != nil {
		t.change(client, server)
	}
	return client, server
}
