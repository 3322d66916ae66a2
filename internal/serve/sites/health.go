package sites

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// sickAfter is how many checks in a row a server has to fail to be sick. One that
// it passes makes it well.
const sickAfter = 2

// Run checks the health of the servers, if that is wanted, until the context is
// done. tell is told what becomes of them.
func (p *pool) Run(ctx context.Context, tell func(string)) {
	p.tell.Store(&tell)
	defer p.close()
	if p.to.CheckPath == "" {
		<-ctx.Done()
		return
	}
	var wait sync.WaitGroup
	for _, b := range p.all {
		wait.Go(func() { p.watch(ctx, b) })
	}
	wait.Wait()
}

// close gives up connections that nobody uses.
func (p *pool) close() {
	p.tell.Store(nil)
	for _, b := range p.all {
		b.transport.CloseIdleConnections()
	}
}

func (p *pool) watch(ctx context.Context, b *backend) {
	t := time.NewTicker(cmp.Or(p.to.CheckEvery, checkEvery))
	defer t.Stop()
	for {
		p.checked(b, p.check(ctx, b))
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// check asks a server how it is.
func (p *pool) check(ctx context.Context, b *backend) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.to.CheckTime, checkTime))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.target.JoinPath(p.to.CheckPath).String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "handsel (health check)")
	res, err := b.transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again
	if res.StatusCode >= 400 {
		return fmt.Errorf("%s is answered with %s", p.to.CheckPath, res.Status)
	}
	return nil
}

// checked notes how a check went. One that passes makes up for failures of
// requests, too.
func (p *pool) checked(b *backend, err error) {
	b.mu.Lock()
	was := b.sick
	if err == nil {
		b.missed, b.sick, b.failures, b.until = 0, false, 0, time.Time{}
	} else if b.missed++; b.missed >= sickAfter {
		b.sick = true
	}
	is := b.sick
	b.mu.Unlock()
	switch {
	case is && !was:
		p.say(b, "is not well: "+err.Error())
	case was && !is:
		p.say(b, "is well again")
	}
}
