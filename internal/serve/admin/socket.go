package admin

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// SocketFile is the name of the socket in the data folder.
const SocketFile = "admin.sock"

// longestPath is how long the path of a Unix socket may be, in bytes, on all
// systems.
const longestPath = 103

// A Listener serves the API.
type Listener struct {
	server *http.Server
	path   string // of the Unix socket; "" if it is none
}

// Listen serves the API on a Unix socket that only the owner can open. One that a
// server has left behind which did not end by itself is replaced: the caller has
// the database open, so that there is no other server.
func (e *Estate) Listen(path string) (*Listener, error) {
	if len(path) > longestPath {
		return nil, fmt.Errorf("the path of the admin socket %s is too long: %d bytes, %d are allowed; choose a data folder with a shorter path", path, len(path), longestPath)
	}
	// The socket is made in a folder that nobody else can enter, and moved when
	// its mode is right.
	dir, err := os.MkdirTemp(filepath.Dir(path), "s")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	inside := filepath.Join(dir, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: inside, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("the admin socket %s cannot be made: %w", path, err)
	}
	l.SetUnlinkOnClose(false)
	err = os.Chmod(inside, 0o600)
	if err == nil {
		err = os.Rename(inside, path)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	a := e.newListener(path, log.New(os.Stderr, "admin: ", 0))
	a.run(l)
	return a, nil
}

func (e *Estate) newListener(path string, errors *log.Logger) *Listener {
	return &Listener{path: path, server: &http.Server{
		Handler: e.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, ErrorLog: errors,
	}}
}

// run takes connections in the background.
func (a *Listener) run(l net.Listener) {
	go func() {
		if err := a.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.server.ErrorLog.Print(err)
		}
	}()
}

// Close ends the API. What is being changed is finished.
func (a *Listener) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := a.server.Shutdown(ctx)
	if a.path != "" {
		err = errors.Join(err, os.Remove(a.path))
	}
	return err
}
