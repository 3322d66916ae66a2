package web

import (
	"crypto/x509"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/serve/admin"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
)

// Estate is what a server serves: package admin has it.
type Estate interface {
	Bindings(warnings bool) ([]admin.Binding, error)
	Binding(bindings.Key) (*admin.Binding, error)
	Leaf(name string) (*x509.Certificate, error)
	Lookup(local netip.AddrPort, sni string) (*admin.Lookup, error)
}

// sitesPage is the page of what is served.
type sitesPage struct {
	Query    string
	Sites    []site
	Total    int
	First    int
	Last     int
	Previous string
	Next     string

	Local, SNI string // that were asked about
	Lookup     *admin.Lookup
	Problem    string
}

// A site is a binding on the page.
type site struct {
	*admin.Binding
	Certs     []cert
	Good, Bad uint32 // handshakes of the last hour
	Plot      *plot
}

// Broken reports whether it does not work as it is.
func (s *site) Broken() bool {
	return slices.ContainsFunc(s.Certs, func(c cert) bool { return c.Problem != "" || c.Days < 0 })
}

// A cert is a certificate of a binding.
type cert struct {
	Name    string
	For     string
	Days    int // that are left; less than 0: it has expired
	Problem string
}

// soon is how many days before its end a certificate stands out.
const soon = 14

// Soon reports whether it is time to renew it.
func (c *cert) Soon() bool { return c.Days < soon }

// sites answers with what is served, or with how a connection is led.
func (p *Page) sites(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := &sitesPage{Query: strings.ToLower(strings.TrimSpace(q.Get("q"))), Local: q.Get("local"), SNI: q.Get("sni")}
	if page.Local != "" {
		local, err := netip.ParseAddrPort(page.Local)
		if err == nil {
			page.Lookup, err = p.estate.Lookup(local, page.SNI)
		} else {
			err = fmt.Errorf("%q is no address with a port such as 192.0.2.1:443", page.Local)
		}
		if err != nil {
			page.Problem = err.Error()
		}
	}
	if err := p.listSites(page, q.Get("skip")); err != nil {
		page.Problem = err.Error()
	}
	p.show(w, http.StatusOK, "sites", frame{Title: "Sites", Place: "Sites", Body: page})
}

// listSites adds the bindings that the query chooses. Only those that are shown are
// looked at: there may be a hundred thousand.
func (p *Page) listSites(page *sitesPage, skip string) error {
	all, err := p.estate.Bindings(false)
	if err != nil {
		return err
	}
	from, _ := strconv.Atoi(skip)
	from = max(0, from)
	for i := range all {
		if page.Query != "" && !strings.Contains(strings.ToLower(all[i].On+" "+all[i].Site), page.Query) {
			continue
		}
		if page.Total++; page.Total > from && len(page.Sites) < perPage {
			page.Sites = append(page.Sites, p.site(&all[i]))
		}
	}
	page.First, page.Last = from+1, from+len(page.Sites)
	at := func(n int) string {
		return "/sites?" + url.Values{"q": {page.Query}, "skip": {strconv.Itoa(n)}}.Encode()
	}
	if from > 0 {
		page.Previous = at(max(0, from-perPage))
	}
	if page.Last < page.Total {
		page.Next = at(page.Last)
	}
	return nil
}

func (p *Page) site(b *admin.Binding) site {
	s := site{Binding: b}
	key, err := bindings.ParseKey(b.On)
	if err != nil {
		return s
	}
	if full, err := p.estate.Binding(key); err == nil {
		s.Binding = full
	}
	for _, name := range b.Certificates {
		c := cert{Name: name}
		if leaf, err := p.estate.Leaf(name); err != nil {
			c.Problem = err.Error()
		} else {
			c.Days = int(math.Floor(time.Until(leaf.NotAfter).Hours() / 24))
			c.For = strings.Join(leaf.DNSNames, ", ")
		}
		s.Certs = append(s.Certs, c)
	}
	if feed, ok := p.source.(*Feed); ok {
		good, bad := feed.Hour(key)
		s.Plot = draft(good[:], bad[:], time.Minute)
		for i := range good {
			s.Good, s.Bad = s.Good+good[i], s.Bad+bad[i]
		}
	}
	return s
}

// A plot is a small picture of counts over time: bars, failures on top.
type plot struct {
	Width, Height int
	Bars          []bar
	Scale         string // how high the highest is
}

type bar struct {
	X, Y, Height int
	Bad          bool
}

const (
	plotHeight = 28
	barWidth   = 4 // with the gap beside it
)

// draft makes a plot of counts in steps of a time; nil if there is nothing to see.
func draft(good, bad []uint32, step time.Duration) *plot {
	most := uint32(0)
	for i := range good {
		most = max(most, good[i]+bad[i])
	}
	if most == 0 {
		return nil
	}
	p := &plot{Width: barWidth * len(good), Height: plotHeight, Scale: fmt.Sprintf("%d in %s at most", most, stepName(step))}
	scale := func(n uint32) int { return int((uint64(n)*plotHeight + uint64(most) - 1) / uint64(most)) }
	for i := range good {
		below := scale(good[i])
		if good[i] > 0 {
			p.Bars = append(p.Bars, bar{barWidth * i, plotHeight - below, below, false})
		}
		if bad[i] > 0 {
			h := scale(bad[i])
			p.Bars = append(p.Bars, bar{barWidth * i, max(0, plotHeight-below-h), h, true})
		}
	}
	return p
}

// stepName gives a step of a plot in words.
func stepName(d time.Duration) string {
	if d >= time.Hour {
		return count(int(d.Hours()), "hour")
	}
	return count(int(d.Minutes()), "minute")
}
