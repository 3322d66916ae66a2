package sites

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// A keptBody is the body of a request that may have to be sent to another server,
// and whose Close nevertheless ends a Read that waits for the client.
//
// httputil.ReverseProxy gives its transport a body whose Close does nothing, and
// so waits for the client where a server answers before it has read the whole
// request: a call of gRPC that ends with an error would not end.
type keptBody struct {
	io.Reader
	release func()
	read    atomic.Bool // something was: there is no other server any more
	over    atomic.Bool // it has come to its end
}

type releaseKey struct{}

// withRelease notes how a Read of the request's body is ended.
func withRelease(w http.ResponseWriter, r *http.Request) *http.Request {
	if r.Body == http.NoBody {
		return r
	}
	body, release := r.Body, func() { http.NewResponseController(w).SetReadDeadline(time.Now()) }
	if r.ProtoMajor >= 2 {
		release = func() { body.Close() } // which in HTTP/1 reads what is left
	}
	return r.WithContext(context.WithValue(r.Context(), releaseKey{}, release))
}

func newKeptBody(r *http.Request) *keptBody {
	release, _ := r.Context().Value(releaseKey{}).(func())
	return &keptBody{Reader: r.Body, release: release}
}

func (k *keptBody) Read(b []byte) (int, error) {
	k.read.Store(true)
	n, err := k.Reader.Read(b)
	if err != nil {
		k.over.Store(true)
	}
	return n, err
}

// Close ends a Read. As long as nothing was read the body stays as it is: another
// server may get it.
func (k *keptBody) Close() error {
	if k.read.Load() && !k.over.Load() && k.release != nil {
		k.release()
	}
	return nil
}
