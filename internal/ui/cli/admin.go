package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/handsel-tls/handsel/internal/serve/admin"
)

// admins is what the commands of an administrator share.
type admins struct {
	*app
	dir    string
	json   bool
	remote admin.Remote
}

// adminCommand makes a command that has others beneath it, all of which work on
// a data folder.
func (a *app) adminCommand(use, short, long, example string) (*cobra.Command, *admins) {
	s := &admins{app: a}
	c := &cobra.Command{Use: use, Short: short, Long: long, Example: example}
	s.shared(c.PersistentFlags())
	return c, s
}

// shared gives a command the flags that say whom it asks.
func (s *admins) shared(f *pflag.FlagSet) {
	f.StringVar(&s.dir, "data", "", "data folder (default: handsel in the user's configuration folder)")
	f.BoolVar(&s.json, "json", false, "print JSON")
	f.StringVar(&s.remote.URL, "admin", "", "ask a server elsewhere: https://host:port (default: HANDSEL_ADMIN)")
	f.StringVar(&s.remote.Certificate, "admin-cert", "", "PEM file with the certificate and key to show to it (default: HANDSEL_ADMIN_CERT)")
	f.StringVar(&s.remote.CA, "admin-ca", "", "PEM file of who vouches for it (default: HANDSEL_ADMIN_CA)")
	cobra.MarkFlagDirname(f, "data")
	cobra.MarkFlagFilename(f, "admin-cert", "pem")
	cobra.MarkFlagFilename(f, "admin-ca", "pem")
}

// dial reaches whom the command asks.
func (s *admins) dial() (*admin.Client, error) {
	for _, x := range []struct {
		to   *string
		name string
	}{{&s.remote.URL, "HANDSEL_ADMIN"}, {&s.remote.Certificate, "HANDSEL_ADMIN_CERT"}, {&s.remote.CA, "HANDSEL_ADMIN_CA"}} {
		if *x.to == "" && s.dir == "" { // a data folder that is named is meant
			*x.to = os.Getenv(x.name)
		}
	}
	if s.remote.URL != "" {
		if u, err := url.Parse(s.remote.URL); err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return nil, &exitError{exitUsage, fmt.Errorf("--admin: %q is not an address such as https://192.0.2.1:9443", s.remote.URL)}
		}
		s.remote.URL = strings.TrimRight(s.remote.URL, "/")
		return admin.DialTLS(s.remote)
	}
	dir, err := dataDir(s.dir)
	if err != nil {
		return nil, err
	}
	return admin.Dial(dir)
}

// file gives the path of a file or folder as the server is told it.
func (s *admins) file(name string) (string, error) {
	if s.remote.URL != "" && !filepath.IsAbs(name) {
		return "", &exitError{exitUsage, fmt.Errorf("%s: the file is looked for on the server: write its whole path there", name)}
	}
	return filepath.Abs(name)
}

// with asks the server that runs with the data folder, or opens the folder.
func (s *admins) with(do func(*admin.Client) error) error {
	var exit *exitError
	client, err := s.dial()
	if err != nil && !errors.As(err, &exit) {
		err = &exitError{exitFailed, err}
	}
	if err != nil {
		return err
	}
	defer client.Close()
	err = do(client)
	var refused *admin.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return err
	case errors.As(err, &refused) && (refused.Code == "wrong" || refused.Code == "needs_password"):
		return &exitError{exitUsage, err}
	case errors.Is(err, admin.ErrNoAnswer):
		return &exitError{exitNetwork, err}
	}
	return &exitError{exitFailed, err}
}

// print prints JSON if it was asked for, and otherwise what text prints.
func (s *admins) print(value any, text func()) {
	if !s.json {
		text()
		return
	}
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	e.Encode(value)
}

// warn prints what will surprise somebody.
func (s *admins) warn(list []admin.Warning) {
	for _, w := range list {
		fmt.Fprintln(s.err, "note: "+plain(w.Text))
	}
}

// offline says so if a change is not in force because no server runs.
func (s *admins) offline(c *admin.Client) {
	if !c.Running && !s.json {
		fmt.Fprintln(s.err, "No server runs with this data folder: it is in force when handsel serve is started.")
	}
}

// path makes the path of an operation: parts that come from people are escaped.
func path(of string, parts ...string) string {
	for _, p := range parts {
		of += "/" + url.PathEscape(p)
	}
	return of
}

// complete makes the completion of an argument out of what there is.
func (s *admins) complete(list func(*admin.Client) ([]string, error)) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		err := s.with(func(c *admin.Client) (err error) {
			names, err = list(c)
			return err
		})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// showFields prints a part of a configuration in the words of handsel.yaml, what
// was not said left out.
func (s *admins) showFields(of any) {
	v := reflect.ValueOf(of)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		field := v.Field(i)
		if field.IsZero() {
			continue
		}
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		text := fmt.Sprint(field)
		if texts := reflect.TypeFor[[]string](); field.Kind() == reflect.Slice && field.CanConvert(texts) {
			text = strings.Join(field.Convert(texts).Interface().([]string), ", ")
		}
		fmt.Fprintf(s.out, "%s: %s\n", name, plain(text))
	}
}
