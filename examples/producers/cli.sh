# Sends one user's search, its results and a click: sh cli.sh

now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
aws kinesis put-records --stream-name "$STREAM" --cli-binary-format raw-in-base64-out --output text --records '[
  {"PartitionKey": "cli", "Data": "{\"type\":\"Search\",\"user\":\"cli\",\"time\":\"'"$now"'\",\"eventId\":\"c1\",\"searchId\":\"c\",\"query\":\"dogs\"}"},
  {"PartitionKey": "cli", "Data": "{\"type\":\"Results\",\"user\":\"cli\",\"time\":\"'"$now"'\",\"eventId\":\"c2\",\"searchId\":\"c\",\"items\":[\"fido\",\"rover\"]}"},
  {"PartitionKey": "cli", "Data": "{\"type\":\"ClickResult\",\"user\":\"cli\",\"time\":\"'"$now"'\",\"eventId\":\"c3\",\"searchId\":\"c\",\"item\":\"rover\"}"}
]'
