//go:build unix

package cli

import (
	"bufio"
	stdtls "crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/eventlog"
	"github.com/handsel-tls/handsel/internal/serve/config"
	"github.com/handsel-tls/handsel/internal/serve/endpoint"
	"github.com/handsel-tls/handsel/tls"
)

// failuresPerSecond make 100,000 a minute.
const failuresPerSecond = 1667

// BenchmarkEvents compares a server under load that keeps events with the same
// one that does not: successes as fast as they come, and 100,000 failures a minute,
// each from another address and for another name, which is the worst that there is
// to fold. The load comes from another process. A slice with the log and one
// without take turns; the figures are medians, and what the log costs is given as
// processor time of the server and as handshakes lost.
//
//	go test ./internal/ui/cli -run '^$' -bench Events -benchtime 20x
func BenchmarkEvents(b *testing.B) {
	const slice = 1500 * time.Millisecond
	dir := b.TempDir()
	feed := &eventFeed{dir: dir, err: io.Discard}
	var successes, failures atomic.Int64
	port := serveForLoad(b, dir, func(h *endpoint.Handshake) {
		if h.Failure == nil {
			successes.Add(1)
		} else {
			failures.Add(1)
		}
		feed.tell(h)
	})
	startLoad(b, port)
	time.Sleep(slice)

	type turn struct{ cpu, rate, failed float64 } // processor time in µs and successes a second, failures a second
	measure := func(keep bool) turn {
		if keep {
			feed.configure(config.Events{})
		}
		time.Sleep(200 * time.Millisecond)
		n, f, cpu, from := successes.Load(), failures.Load(), processorTime(), time.Now()
		time.Sleep(slice)
		took := time.Since(from).Seconds()
		t := turn{cpu: float64((processorTime() - cpu).Microseconds()), rate: float64(successes.Load()-n) / took, failed: float64(failures.Load()-f) / took}
		t.cpu /= float64(successes.Load() - n)
		feed.close()
		return t
	}
	var cpu, rate, failed, bare, with []float64
	for i := range b.N {
		a, c := measure(i%2 == 0), measure(i%2 == 1)
		if i%2 == 1 {
			a, c = c, a
		}
		cpu, rate, failed = append(cpu, a.cpu/c.cpu), append(rate, a.rate/c.rate), append(failed, a.failed, c.failed)
		with, bare = append(with, a.rate), append(bare, c.rate)
	}
	b.ReportMetric(100*(median(cpu)-1), "%cpu")
	b.ReportMetric(100*(1-median(rate)), "%slower")
	b.ReportMetric(median(with), "hs/s-with")
	b.ReportMetric(median(bare), "hs/s-without")
	b.ReportMetric(60*median(failed), "failures/min")
	b.ReportMetric(float64(noneLost(b, dir))/float64(b.N)/(slice+200*time.Millisecond).Seconds()*60, "kept/min")
}

// BenchmarkEvent is what the log has to do for one handshake, on whatever
// goroutine: a failure from an address of its own, for a name of its own; one that
// has been seen before; and a success with nothing to say of it. What counts is
// the processor time: the rest is waiting for the log to look.
func BenchmarkEvent(b *testing.B) {
	seen := make(chan *endpoint.Handshake, 100)
	port := serveForLoad(b, b.TempDir(), func(h *endpoint.Handshake) { seen <- h })
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	fail(addr, oldHello(), 1)
	failed := <-seen
	c, err := stdtls.Dial("tcp", addr, &stdtls.Config{ServerName: "shop.example", InsecureSkipVerify: true})
	if err != nil {
		b.Fatal(err)
	}
	c.Close()
	succeeded := <-seen
	if failed.Failure == nil || succeeded.Failure != nil {
		b.Fatal("they are not what they should be")
	}
	another := func(i int) *endpoint.Handshake {
		h, r := *failed, failed.Record
		h.Record = &tls.Record{
			Server: true, Local: r.Local, Remote: &net.TCPAddr{IP: net.IPv4(10, byte(i>>16), byte(i>>8), byte(i)), Port: 5000},
			Started: r.Started, Duration: r.Duration, ServerName: "n" + strconv.Itoa(i) + ".example", ClientHello: r.ClientHello, Failure: r.Failure,
		}
		return &h
	}
	for name, next := range map[string]func(i int) *endpoint.Handshake{
		"a new failure": another,
		"a failure":     func(int) *endpoint.Handshake { return failed },
		"a success":     func(int) *endpoint.Handshake { return succeeded },
	} {
		b.Run(name, func(b *testing.B) {
			feed := &eventFeed{dir: b.TempDir(), err: io.Discard}
			feed.configure(config.Events{})
			from := processorTime()
			for i := range b.N {
				feed.tell(next(i))
				if i%4000 == 3999 { // the queue is not to overflow
					m := make(marker)
					feed.log.Load().Tell(m)
					<-m
				}
			}
			feed.close()
			b.ReportMetric(float64((processorTime()-from).Nanoseconds())/float64(b.N), "cpu-ns/op")
			noneLost(b, feed.dir)
		})
	}
}

// serveForLoad starts a server with one site and gives its port.
func serveForLoad(b *testing.B, dir string, tell func(*endpoint.Handshake)) (port int) {
	return serveConfig(b, dir, `
listen: {https: ["127.0.0.1:PORT"]}
certificates: [{name: shop, local_ca: [shop.example]}]
bindings: [{on: "0.0.0.0:PORT", certificates: [shop], site: shop}]
sites: [{name: shop, redirect: "https://www.example.com"}]
`, tell)
}

// A marker is closed when the log has looked at everything before it.
type marker chan struct{}

func (m marker) Describe(func(*eventlog.Entry)) { close(m) }

// noneLost gives how often something happened.
func noneLost(t testing.TB, dir string) (n int) {
	for _, e := range kept(t, dir) {
		n += e.Count
		if e.Lost > 0 {
			t.Errorf("%s", e.Message)
		}
	}
	return n
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

func processorTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const loadPort = "HANDSEL_TEST_LOAD_PORT"

// startLoad runs TestLoad in a process of its own.
func startLoad(b *testing.B, port int) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestLoad$", "-test.timeout=30m")
	cmd.Env = append(os.Environ(), loadPort+"="+strconv.Itoa(port))
	in, err := cmd.StdinPipe() // closed when this process ends
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); cmd.Process.Kill(); cmd.Wait() })
}

// TestLoad is the load of BenchmarkEvents.
func TestLoad(t *testing.T) {
	port := os.Getenv(loadPort)
	if port == "" {
		t.Skip("it is run by BenchmarkEvents")
	}
	addr := "127.0.0.1:" + port
	for range 3 {
		go func() {
			for {
				c, err := stdtls.Dial("tcp", addr, &stdtls.Config{ServerName: "shop.example", InsecureSkipVerify: true})
				if err == nil {
					c.Close()
				}
			}
		}()
	}
	go func() {
		hello := oldHello()
		const every = 20 * time.Millisecond
		for i, tick := 0, time.Tick(every); ; {
			<-tick
			for range failuresPerSecond * int(every) / int(time.Second) {
				i++
				go fail(addr, hello, i)
			}
		}
	}()
	bufio.NewReader(os.Stdin).ReadByte()
}

// oldHello gives the ClientHello of a client that has TLS 1.1 at most, for a name
// of twelve letters.
func oldHello() []byte {
	client, server := net.Pipe()
	go stdtls.Client(client, &stdtls.Config{ServerName: "abcdefgh.net", InsecureSkipVerify: true, MinVersion: stdtls.VersionTLS10, MaxVersion: stdtls.VersionTLS11}).Handshake()
	b := make([]byte, 4096)
	n, _ := server.Read(b)
	server.Close()
	return b[:n]
}

// fail has a handshake fail, from an address and for a name of its own.
func fail(addr string, hello []byte, i int) {
	var from [4]byte
	binary.BigEndian.PutUint32(from[:], 127<<24|uint32(i%(1<<24-2)+1))
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from[:]}, Timeout: 5 * time.Second}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer c.Close()
	name := strings.Map(func(rune) rune { return 'a' + rand.Int32N(26) }, "12345678")
	c.Write([]byte(strings.Replace(string(hello), "abcdefgh", name, 1)))
	io.Copy(io.Discard, c)
}
