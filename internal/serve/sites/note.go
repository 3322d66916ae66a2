package sites

import "context"

// A Note says what became of a request, for who writes that down.
type Note struct{ Site, Backend string }

type noteKey struct{}

// WithNote has what serves a request fill in a note.
func WithNote(ctx context.Context, n *Note) context.Context {
	return context.WithValue(ctx, noteKey{}, n)
}

// NoteSite notes which site a request was led to, if somebody wants to know.
func NoteSite(ctx context.Context, name string) {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		n.Site = name
	}
}

func noteBackend(ctx context.Context, url string) {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		n.Backend = url
	}
}
