package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// errAbsent says that a source does not have the path, and nothing else.
var errAbsent = errors.New("absent")

// source reads the resources of one log by their C2SP path.
type source interface {
	// read answers the whole resource, or errAbsent, or an error when it is
	// longer than `limit` bytes. A failure is never reported as absence.
	read(path string, limit int64) ([]byte, error)
}

// exportedDirectory is what `veritrail log export DIR` wrote.
type exportedDirectory string

func (d exportedDirectory) read(path string, limit int64) ([]byte, error) {
	file, err := os.Open(filepath.Join(string(d), filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAll(file, path, limit)
}

// tilePaths lists every file below tile/, with forward slashes.
func (d exportedDirectory) tilePaths() ([]string, error) {
	var paths []string
	top := filepath.Join(string(d), "tile")
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path == top && errors.Is(err, fs.ErrNotExist) {
				return nil // a log of size 0 has no tiles
			}
			return err
		}
		if !entry.IsDir() {
			relative, err := filepath.Rel(string(d), path)
			if err != nil {
				return err
			}
			paths = append(paths, filepath.ToSlash(relative))
		}
		return nil
	})
	return paths, err
}

// server is one log of a running Veritrail.
type server struct {
	prefix string
	key    string
	tenant string
	client *http.Client
}

func newServer(base, key, log, tenant string) *server {
	return &server{
		prefix: strings.TrimSuffix(base, "/") + "/v1/logs/" + url.PathEscape(log) + "/",
		key:    key,
		tenant: tenant,
		client: &http.Client{
			Timeout: 60 * time.Second,
			// The key goes to the named server only.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (s *server) read(path string, limit int64) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, s.prefix+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.key)
	if s.tenant != "" {
		request.Header.Set("Veritrail-Tenant", s.tenant)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return readAll(response.Body, path, limit)
	case http.StatusNotFound, http.StatusGone:
		// Drained, so that the connection is used again.
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, noteBytesMax))
		return nil, errAbsent
	}
	return nil, fmt.Errorf("GET %s answered %s", path, response.Status)
}

func readAll(reader io.Reader, path string, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(reader, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %v", path, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, limit)
	}
	return content, nil
}

// serve answers for a directory as the real server would, on a free loopback
// port whose address it prints. It runs until it is killed.
func serve(directory, token, log string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	prefix := "/v1/logs/" + log + "/"
	files := http.StripPrefix(prefix, http.FileServer(http.Dir(directory)))
	fmt.Printf("http://%s\n", listener.Addr())
	return http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") != "Bearer "+token {
			http.Error(answer, "no", http.StatusUnauthorized)
		} else if !strings.HasPrefix(request.URL.Path, prefix) {
			http.NotFound(answer, request)
		} else {
			files.ServeHTTP(answer, request)
		}
	}))
}
