package flow_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// needTshark gives the path of tshark, or skips the test. With
// HANDSEL_PEERS=required it fails it.
func needTshark(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err == nil {
		return path
	}
	if os.Getenv("HANDSEL_PEERS") == "required" {
		t.Fatal("tshark is not installed: apt-get install tshark")
	}
	t.Skip("tshark is not installed: apt-get install tshark")
	return ""
}

// seen is what tshark shows of a message: the bytes of its fields in digits, by the
// names that it has for them, in their order.
type seen struct {
	frame  int
	what   string // "handshake", "alert", "ssl2"
	fields map[string][]string
	labels map[string][]string // what it shows of them
}

// A direction is one of a connection.
type direction struct {
	stream   int
	from, to netip.AddrPort
}

// A shark reads what tshark prints.
type shark struct {
	messages map[direction][]*seen
	records  map[direction][]string // their headers, in digits

	at       direction // of the packet
	src, dst netip.Addr
	frame    int
	now      *seen  // the message that is being read
	depth    int    // below its element
	record   string // what has been read of a record's header
}

// askTshark has tshark read a capture, with a key log if there is one.
func askTshark(t *testing.T, program, capture, keys string) *shark {
	t.Helper()
	args := []string{"-n", "-r", capture, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "tls", "-J", "frame tls tcp ip ipv6", "-T", "pdml"}
	if keys != "" {
		path, err := filepath.Abs(keys)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "-o", "tls.keylog_file:"+path)
	}
	command := exec.Command(program, args...)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s := &shark{messages: map[direction][]*seen{}, records: map[direction][]string{}}
	err = s.read(out)
	// It says no at the end of a file that is cut short, having shown what there is.
	if waited := command.Wait(); err != nil {
		t.Fatal(errors.Join(err, waited))
	}
	return s
}

func (s *shark) read(r io.Reader) error {
	d := xml.NewDecoder(r)
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			a := make(map[string]string, len(e.Attr))
			for _, attr := range e.Attr {
				a[attr.Name.Local] = attr.Value
			}
			s.begin(e.Name.Local, a)
		case xml.EndElement:
			if s.now != nil {
				if s.depth--; s.depth == 0 {
					s.end()
				}
			}
		}
	}
}

// begin takes an element: a packet, or a field of it.
func (s *shark) begin(element string, a map[string]string) {
	name := a["name"]
	number, _ := strconv.Atoi(a["show"])
	switch {
	case element == "packet":
		s.at = direction{stream: -1}
	case name == "frame.number":
		s.frame = number
	case name == "ip.src", name == "ipv6.src":
		s.src, _ = netip.ParseAddr(a["show"])
	case name == "ip.dst", name == "ipv6.dst":
		s.dst, _ = netip.ParseAddr(a["show"])
	case name == "tcp.srcport":
		s.at.from = netip.AddrPortFrom(s.src, uint16(number))
	case name == "tcp.dstport":
		s.at.to = netip.AddrPortFrom(s.dst, uint16(number))
	case name == "tcp.stream":
		s.at.stream = number
	case s.record == "" && (name == "tls.record.content_type" || name == "tls.record.opaque_type"), name == "tls.record.version":
		s.record += a["value"]
	case name == "tls.record.length" && s.at.stream >= 0:
		s.records[s.at] = append(s.records[s.at], s.record+a["value"])
	case name == "tls.record":
		s.record = ""
		if strings.HasPrefix(a["showname"], "SSLv2") {
			s.start("ssl2")
			return
		}
	case s.now == nil && name == "tls.handshake":
		s.start("handshake")
		return
	case s.now == nil && name == "tls.alert_message":
		s.start("alert")
		return
	}
	if n := len(s.messages[s.at]); s.now == nil && n > 0 && name == "tls.handshake.key_update.request_update" { // it stands behind its message
		s.messages[s.at][n-1].add(name, a)
	}
	if s.now == nil {
		return
	}
	s.depth++
	switch name {
	case "x509af.serialNumber", "x509af.utcTime", "x509af.generalizedTime", "x509ce.dNSName", "x509ce.IPAddress.ipv4", "x509ce.IPAddress.ipv6":
		s.now.add(name, a)
	default:
		if strings.HasPrefix(name, "tls.") {
			s.now.add(name, a)
		}
	}
}

// add takes a field of the message.
func (m *seen) add(name string, a map[string]string) {
	value := a["value"]
	switch {
	case a["size"] == "0": // computed
		value = a["show"]
	case value == "": // it shows no bytes
		value = "size " + a["size"]
	}
	if value != "" {
		m.fields[name] = append(m.fields[name], value)
		m.labels[name] = append(m.labels[name], a["showname"])
	}
}

func (s *shark) start(what string) {
	s.now = &seen{frame: s.frame, what: what, fields: map[string][]string{}, labels: map[string][]string{}}
	s.depth = 1
}

// end keeps the message, unless it is encrypted, or not of TCP.
func (s *shark) end() {
	m := s.now
	s.now = nil
	if s.at.stream >= 0 && len(m.fields) > 0 && (m.what == "alert" || m.fields["tls.handshake.type"] != nil) {
		s.messages[s.at] = append(s.messages[s.at], m)
	}
}
