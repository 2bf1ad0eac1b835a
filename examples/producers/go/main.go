// Sends one user's search, its results and a click: go mod init example && go mod tidy && go run .
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	mathrand "math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

type Event struct {
	Type     string   `json:"type"`
	User     string   `json:"user"`
	EventID  string   `json:"eventId"`
	Time     string   `json:"time"`
	SearchID string   `json:"searchId,omitempty"`
	Query    *string  `json:"query,omitempty"`
	Items    []string `json:"items,omitzero"`
	Item     string   `json:"item,omitempty"`
}

const triesMax = 8

// prepared adds an id and a time before the first try, so that every retry is the same event.
func prepared(e Event) Event {
	e.EventID = rand.Text()
	e.Time = time.Now().UTC().Format(time.RFC3339Nano)
	return e
}

// send sends at most 500 events and 5 MiB. A request may fail for some records: it sends only those again.
func send(ctx context.Context, client *kinesis.Client, stream string, events []Event) error {
	var records []types.PutRecordsRequestEntry
	for _, e := range events {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		records = append(records, types.PutRecordsRequestEntry{PartitionKey: &e.User, Data: data})
	}
	for tries := range triesMax {
		reply, err := client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: &stream, Records: records})
		if err != nil {
			return err
		}
		var refused []types.PutRecordsRequestEntry
		for i, outcome := range reply.Records {
			if outcome.ErrorCode != nil {
				refused = append(refused, records[i])
			}
		}
		if records = refused; len(records) == 0 {
			return nil
		}
		wait := min(5*time.Second, 100*time.Millisecond<<tries)
		time.Sleep(wait/2 + mathrand.N(wait/2))
	}
	return fmt.Errorf("%d events were not sent", len(records))
}

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	err = send(ctx, kinesis.NewFromConfig(cfg), os.Getenv("STREAM"), []Event{
		prepared(Event{Type: "Search", User: "go", SearchID: "g1", Query: aws.String("dogs")}),
		prepared(Event{Type: "Results", User: "go", SearchID: "g1", Items: []string{"fido", "rover", "rex"}}),
		prepared(Event{Type: "ClickResult", User: "go", SearchID: "g1", Item: "rover"}),
	})
	if err != nil {
		log.Fatal(err)
	}
}
