// Answers how Go's own regular expressions match: one JSON request a line, one JSON answer a line.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"regexp"
)

type request struct {
	Pattern string   `json:"pattern"`
	Inputs  []string `json:"inputs"` // base64
}

type answer struct {
	Error   string    `json:"error"`
	Matches [][][]int `json:"matches"` // for each input, the spans of each match and its groups
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		var told answer
		compiled, err := regexp.Compile(asked.Pattern)
		if err != nil {
			told.Error = err.Error()
		} else {
			for _, text := range asked.Inputs {
				data, _ := base64.StdEncoding.DecodeString(text)
				found := compiled.FindAllSubmatchIndex(data, -1)
				if found == nil {
					found = [][]int{}
				}
				told.Matches = append(told.Matches, found)
			}
		}
		_ = out.Encode(told)
	}
}
