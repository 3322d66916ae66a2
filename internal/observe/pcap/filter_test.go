package pcap_test

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

// The frames that filters are tried on: TCP over IPv4 and IPv6, UDP, ARP.
var frames = map[string]func(link pcap.Link) []byte{
	"tcp4": func(l pcap.Link) []byte { return segment(l, "10.1.2.3:50000", "192.0.2.9:443") },
	"back": func(l pcap.Link) []byte { return segment(l, "192.0.2.9:443", "10.1.2.3:50000") },
	"tcp6": func(l pcap.Link) []byte { return segment(l, "[2001:db8:1::3]:50000", "[2001:db8:2::9]:8443") },
	"udp4": func(l pcap.Link) []byte {
		b := segment(l, "10.1.2.3:53000", "192.0.2.9:443")
		b[len(b)-20-20+9] = 17
		return b
	},
	"part": func(l pcap.Link) []byte { // a fragment, whose ports are none
		b := segment(l, "10.1.2.3:50000", "192.0.2.9:443")
		b[len(b)-40+7] = 1
		return b
	},
	"arp": func(l pcap.Link) []byte {
		b := segment(l, "10.1.2.3:50000", "192.0.2.9:443")
		if l == pcap.LinkEthernet {
			b[13] = 6
		} else {
			b[0] = 0
		}
		return b
	},
}

func segment(l pcap.Link, from, to string) []byte {
	s := packet.Segment{Src: netip.MustParseAddrPort(from), Dst: netip.MustParseAddrPort(to), Flags: packet.ACK}
	return s.Append(nil, l)
}

func TestFilter(t *testing.T) {
	const everything = "tcp4 back tcp6 udp4 part arp"
	for text, want := range map[string]string{
		"":                              everything,
		"tcp":                           "tcp4 back tcp6 part",
		"udp":                           "udp4",
		"ip":                            "tcp4 back udp4 part",
		"ip6":                           "tcp6",
		"not tcp":                       "udp4 arp",
		"port 443":                      "tcp4 back udp4",
		"tcp port 443":                  "tcp4 back",
		"udp port 443":                  "udp4",
		"tcp port https":                "tcp4 back",
		"dst port 443":                  "tcp4 udp4",
		"src port 443":                  "back",
		"port 443 or 8443":              "tcp4 back tcp6 udp4",
		"tcp dst port 443 or 8443":      "tcp4 tcp6",
		"portrange 8000-8999":           "tcp6",
		"tcp src portrange 50000-50001": "tcp4 tcp6",
		"host 10.1.2.3":                 "tcp4 back udp4 part",
		"src host 10.1.2.3":             "tcp4 udp4 part",
		"src 10.1.2.3":                  "tcp4 udp4 part",
		"dst host 10.1.2.3":             "back",
		"host 2001:db8:1::3":            "tcp6",
		"dst host 2001:db8:1::3":        "",
		"net 10.0.0.0/8":                "tcp4 back udp4 part",
		"dst net 192.0.2.0/25":          "tcp4 udp4 part",
		"net 2001:db8:2::/48":           "tcp6",
		"net 2001:db8:2::/47":           "tcp6",
		"net 2001:db8:4::/48":           "",
		"net 0.0.0.0/0":                 "tcp4 back udp4 part",
		"host 10.1.2.3 and not udp":     "tcp4 back part",
		"host 10.1.2.3 && !udp":         "tcp4 back part",
		"tcp and (port 443 or 8443)":    "tcp4 back tcp6",
		"not (tcp or udp)":              "arp",
		"ip6 or udp and port 443":       "tcp6 udp4",
		"tcp host 10.1.2.3":             "tcp4 back part",
		"ip6 port 8443":                 "tcp6",
		"src or dst port 443":           "tcp4 back udp4",
	} {
		f, err := pcap.ParseFilter(text)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, link := range []pcap.Link{pcap.LinkEthernet, pcap.LinkRaw} {
			raw, err := f.Compile(link)
			if err != nil {
				t.Fatal(err)
			}
			code, _ := bpf.Disassemble(raw)
			vm, err := bpf.NewVM(code)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			for name, frame := range frames {
				b := frame(link)
				n, err := vm.Run(b)
				if err != nil {
					t.Fatal(err)
				}
				if taken, should := n > 0, strings.Contains(" "+want+" ", " "+name+" "); taken != should {
					t.Errorf("%q, link %d: %s is taken: %v", text, link, name, taken)
				}
			}
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for text, want := range map[string]string{
		"prot 443":                  `"prot" is not known: there are host`,
		"port":                      `a value is missing after "port"`,
		"port 70000":                `"70000" is no port`,
		"port nosuchservice":        `"nosuchservice" is no port`,
		"host www.example.com":      `"www.example.com" is no address: names are not looked up`,
		"net 10":                    `"10" is no network`,
		"portrange 9-1":             `"9-1" is no range`,
		"tcp and":                   "it ends where a condition is missing",
		"(tcp":                      `a ")" is missing`,
		"tcp udp":                   `"udp" stands where "and" or "or" could`,
		"port 443 host 10.0.0.1":    `"host" stands where`,
		"tcp[13] = 2":               `"tcp[13]" is not known`,
		strings.Repeat("not ", 999): "more than 200 conditions",
	} {
		if _, err := pcap.ParseFilter(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
	f, _ := pcap.ParseFilter("tcp")
	if _, err := f.Compile(pcap.LinkSLL); err == nil {
		t.Error("a filter for a cooked capture")
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("tcp dst port 443 or 8443 and not (host 2001:db8::1 or net 10.0.0.0/8)")
	f.Add("src or dst portrange 1-2 || ! udp")
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := pcap.ParseFilter(text)
		if err != nil {
			return
		}
		code, err := filter.Compile(pcap.LinkEthernet)
		if err != nil {
			return
		}
		all, _ := bpf.Disassemble(code)
		vm, err := bpf.NewVM(all)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if _, err := vm.Run(make([]byte, 60)); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
