package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/handsel-tls/handsel/internal/serve/admin"
)

// admins is what the commands of an administrator share.
type admins struct {
	*app
	dir  string
	json bool
}

// adminCommand makes a command that has others beneath it, all of which work on
// a data folder.
func (a *app) adminCommand(use, short, long, example string) (*cobra.Command, *admins) {
	s := &admins{app: a}
	c := &cobra.Command{Use: use, Short: short, Long: long, Example: example}
	c.PersistentFlags().StringVar(&s.dir, "data", "", "data folder (default: handsel in the user's configuration folder)")
	c.PersistentFlags().BoolVar(&s.json, "json", false, "print JSON")
	c.MarkFlagDirname("data")
	return c, s
}

// with asks the server that runs with the data folder, or opens the folder.
func (s *admins) with(do func(*admin.Client) error) error {
	dir, err := dataDir(s.dir)
	if err != nil {
		return err
	}
	client, err := admin.Dial(dir)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	defer client.Close()
	err = do(client)
	var refused *admin.Error
	var exit *exitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return err
	case errors.As(err, &refused) && (refused.Code == "wrong" || refused.Code == "needs_password"):
		return &exitError{exitUsage, err}
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
