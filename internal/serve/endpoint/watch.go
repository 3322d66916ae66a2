package endpoint

import (
	"context"
	"fmt"

	"github.com/handsel-tls/handsel/internal/serve/sites"
)

// watch has the sites of a setup look after the servers behind them, and those
// that are gone end that. Sites that stay go on as they are.
func (s *Server) watch(next *Setup) {
	stay := map[*sites.Site]context.CancelFunc{}
	for _, site := range next.Router.Sites() {
		if site.Proxy == nil {
			continue
		}
		if end := s.watched[site]; end != nil {
			stay[site] = end
			delete(s.watched, site)
			continue
		}
		ctx, end := context.WithCancel(context.Background())
		stay[site] = end
		s.wait.Go(func() {
			site.Proxy.Run(ctx, func(what string) { s.options.Note(fmt.Sprintf("site %q: %s", site.Name, what)) })
		})
	}
	s.unwatch()
	s.watched = stay
}

func (s *Server) unwatch() {
	for _, end := range s.watched {
		end()
	}
	s.watched = nil
}
