package endpoint_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/endpoint"
)

// With this set the test program only makes connections that stall: how many,
// and where to. It is a process of its own because each side of a connection
// counts as an open file.
const stallEnv = "HANDSEL_TEST_STALL"

func TestMain(m *testing.M) {
	if text := os.Getenv(stallEnv); text != "" {
		stall(text)
		return
	}
	os.Exit(m.Run())
}

// stall makes connections, a third each that send nothing, half of a record's
// header, and a ClientHello without its end. It holds them until its input ends.
func stall(text string) {
	var n int
	var addr string
	fmt.Sscan(text, &n, &addr)
	var conns []net.Conn
	for i := range n {
		c, err := net.DialTimeout("tcp", addr, 10*time.Second)
		if err != nil {
			fmt.Println("stopped:", err)
			break
		}
		io.WriteString(c, []string{"", "\x16\x03", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}[i%3])
		conns = append(conns, c)
	}
	fmt.Println(len(conns))
	io.Copy(io.Discard, os.Stdin)
	for _, c := range conns {
		c.Close()
	}
}

// startStalling has another process stall connections, and gives how many.
func startStalling(t *testing.T, n int, addr string) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", stallEnv, n, addr))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- strings.TrimSpace(line)
	}()
	select {
	case line := <-said:
		made, err := strconv.Atoi(line)
		if err != nil {
			t.Fatal(line)
		}
		return made
	case <-time.After(60 * time.Second):
		t.Fatal("the connections are not there after a minute")
		return 0
	}
}

// Ten thousand handshakes that stall do not stop the next one.
func TestStalledHandshakes(t *testing.T) {
	const many = 10_000
	if testing.Short() {
		t.Skip("ten thousand connections")
	}
	for name, o := range map[string]endpoint.Options{
		"all of them are held":  {HandshakeTimeout: time.Minute},
		"there is room for few": {HandshakeTimeout: time.Minute, MostWaiting: 100},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, o, twoSites)
			start := time.Now()
			made := startStalling(t, many, "127.0.0.1:"+h.ports["$HTTPS"])
			t.Logf("%d connections in %v", made, time.Since(start))
			if made < many {
				t.Skipf("this system allows %d connections only", made)
			}
			start = time.Now()
			for i := range 5 {
				if status, body := h.get(h.client("a.localhost"), "a.localhost", "/"); status != 200 {
					t.Fatalf("connection %d: %d %s", many+i+1, status, body)
				}
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Error("five connections took", d)
			}
		})
	}
}
