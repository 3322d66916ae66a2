package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
)

// proxyProtocol checks who is believed where. listened are the addresses of https
// and http.
func (c *checker) proxyProtocol(listened map[netip.AddrPort]string) {
	seen := map[netip.AddrPort]bool{}
	for i, p := range c.Listen.ProxyProtocol {
		at := fmt.Sprintf("$.listen.proxy_protocol[%d]", i)
		on, err := netip.ParseAddrPort(p.On)
		switch {
		case err != nil:
			c.wrong(at+".on", "%q is not an IP address and a port, such as 10.0.0.5:443", p.On)
		case seen[on]:
			c.wrong(at+".on", "%v is there twice: name all that are believed in one from", on)
		case listened[on] == "" && (c.path != "" || len(listened) > 0):
			c.wrong(at+".on", "%v stands in neither https nor http", on)
		}
		seen[on] = true
		if len(p.From) == 0 {
			c.wrong(at, "from has to name who is believed, by addresses or networks such as 10.0.0.0/24: anybody can write such a header")
		}
		for j, text := range p.From {
			if _, err := ParseNetwork(text); err != nil {
				c.wrong(fmt.Sprintf("%s.from[%d]", at, j), "%q is neither an IP address nor a network such as 10.0.0.0/24", text)
			}
		}
	}
}

// ParseNetwork reads a network, or an address as one of its own.
func ParseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// accessLog checks where requests are written down.
func (c *checker) accessLog() {
	a := c.AccessLog
	if a == nil {
		return
	}
	if a.To == "" {
		c.wrong("$.access_log", "to has to say where: a file, stdout or stderr")
	} else if dir := filepath.Dir(c.Abs(a.To)); a.ToFile() {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			c.wrong("$.access_log.to", "there is no folder %s for the access log", dir)
		}
	}
	for _, choice := range []struct {
		key, value string
		words      []string
	}{{"format", a.Format, []string{"json", "combined"}}, {"addresses", a.Addresses, []string{"keep", "drop"}}} {
		if choice.value != "" && !slices.Contains(choice.words, choice.value) {
			c.wrong("$.access_log."+choice.key, "%q is neither %s nor %s%s", choice.value, choice.words[0], choice.words[1], didYouMean(choice.value, choice.words))
		}
	}
	for _, limit := range []struct {
		key   string
		value int
	}{{"megabytes", a.Megabytes}, {"keep", a.Keep}} {
		if limit.value < 0 {
			c.wrong("$.access_log."+limit.key, "%d: write how many there may be, or nothing", limit.value)
		}
	}
	if !a.ToFile() && (a.Megabytes != 0 || a.Keep != 0) {
		c.wrong("$.access_log.megabytes", "only a file is followed by a new one: leave out megabytes and keep")
	}
	if a.Keep != 0 && a.Megabytes == 0 {
		c.wrong("$.access_log.keep", "there are no old files unless megabytes says when a new one is begun")
	}
}

// ToFile reports whether the log is a file.
func (a *AccessLog) ToFile() bool { return a.To != "stdout" && a.To != "stderr" }
