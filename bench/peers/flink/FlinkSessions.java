// Computes sessions with Flink's session windows, and writes a line of JSON for each.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.environment.LocalStreamEnvironment;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

public class FlinkSessions {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    Path log = new Path(arguments[0]);
    Path folder = new Path(arguments[1]);
    Duration gap = Duration.ofMillis(Long.parseLong(arguments[2]));
    Duration lateness = Duration.ofMillis(Long.parseLong(arguments[3]));

    LocalStreamEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1);
    environment
        .fromSource(
            FileSource.forRecordStreamFormat(new TextLineInputFormat(), log).build(),
            WatermarkStrategy.noWatermarks(),
            "log")
        .map(FlinkSessions::parse)
        .assignTimestampsAndWatermarks(
            WatermarkStrategy.<SentEvent>forBoundedOutOfOrderness(lateness)
                .withTimestampAssigner((event, before) -> event.timeMs))
        .keyBy(event -> event.user)
        .window(EventTimeSessionWindows.withGap(gap))
        .process(new ToLine())
        .sinkTo(
            FileSink.forRowFormat(folder, new SimpleStringEncoder<String>())
                .withBucketAssigner(new BasePathBucketAssigner<>())
                .build());
    environment.execute("sessions");

    // The bench measures this process while it waits, and then ends it.
    System.out.println("done");
    System.out.flush();
    System.in.read();
  }

  /** Flink's fast serializer needs public fields and a constructor without arguments. */
  public static class SentEvent {
    public String user;
    public String eventId;
    public String type;
    public long timeMs;
  }

  private static SentEvent parse(String line) throws IOException {
    JsonNode sent = JSON.readTree(line);
    SentEvent event = new SentEvent();
    event.user = sent.get("user").asText();
    event.eventId = sent.get("eventId").asText();
    event.type = sent.get("type").asText();
    event.timeMs = Instant.parse(sent.get("time").asText()).toEpochMilli();
    return event;
  }

  private static class ToLine extends ProcessWindowFunction<SentEvent, String, String, TimeWindow> {
    @Override
    public void process(
        String user, Context context, Iterable<SentEvent> window, Collector<String> lines)
        throws IOException {
      List<SentEvent> events = new ArrayList<>();
      window.forEach(events::add);
      // A window holds its events in order of arrival.
      events.sort(Comparator.comparingLong(event -> event.timeMs));
      ObjectNode session = JSON.createObjectNode().put("user", user);
      ArrayNode ids = session.putArray("events");
      ArrayNode searches = session.putArray("searches");
      int clicks = 0;
      for (SentEvent event : events) {
        ids.add(event.eventId);
        if (event.type.equals("Search")) {
          searches.addArray().add(event.eventId).add(0);
        } else if (event.type.equals("ClickResult")) {
          clicks++;
          if (!searches.isEmpty()) ((ArrayNode) searches.get(searches.size() - 1)).set(1, 1);
        }
      }
      session.put("clicks", clicks);
      lines.collect(JSON.writeValueAsString(session));
    }
  }
}
