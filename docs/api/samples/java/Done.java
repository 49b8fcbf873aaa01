import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

import static java.nio.charset.StandardCharsets.UTF_8;

/** What was done, one line each. Key and deed are one write: after a crash both are there, or neither. */
final class Done {
    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

    private final Path path;
    private final int keep;
    private final boolean prints;
    private final FileLock lock;
    private final Map<String, String> lines = new LinkedHashMap<>();
    private FileChannel file;

    Done(Path path, int keep, boolean prints) throws IOException {
        this.path = path.toAbsolutePath();
        this.keep = keep;
        this.prints = prints;
        lock = new FileOutputStream(path + ".lock").getChannel().tryLock();
        if (lock == null) {
            throw new IOException(path + ": another consumer has it; two that share a file would act twice");
        }
        file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        byte[] text = Files.readAllBytes(path);
        int whole = text.length; // the rest is half a line: killed while writing
        while (whole > 0 && text[whole - 1] != '\n') {
            whole--;
        }
        file.truncate(whole);
        file.position(whole);
        for (String line : new String(text, 0, whole, UTF_8).split("\n")) {
            if (!line.isEmpty()) {
                lines.put(key(JSON.fromJson(line, JsonObject.class)), line);
            }
        }
        syncFolder();
    }

    private void syncFolder() throws IOException {
        try (FileChannel folder = FileChannel.open(path.getParent())) {
            folder.force(true);
        }
    }

    private static void write(FileChannel file, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
        file.force(true);
    }

    /** One transition. Its id alone is not: Davy gives an id anew when what had it is not in its journal. */
    private static String key(JsonObject deed) {
        return deed.get("id").getAsString() + "@" + deed.get("recorded").getAsString();
    }

    void act(Map<String, Object> what) throws IOException {
        JsonObject deed = JSON.toJsonTree(what).getAsJsonObject();
        String key = key(deed);
        if (lines.containsKey(key)) {
            System.err.println("done before: " + key);
            return;
        }
        String line = JSON.toJson(deed);
        // Yours comes here: in one transaction with the key, or a deed that may be done twice under the same key.
        write(file, line + "\n");
        lines.put(key, line);
        if (prints) {
            System.out.write((line + "\n").getBytes(UTF_8));
            System.out.flush();
        }
    }

    /** What is confirmed does not come again, but for alarms that stand: the newest are kept. */
    void confirmed() throws IOException {
        if (lines.size() < 2 * keep) {
            return;
        }
        Iterator<String> oldest = lines.keySet().iterator();
        for (int old = lines.size() - keep; old > 0; old--) {
            oldest.next();
            oldest.remove();
        }
        Path fresh = Path.of(path + ".new");
        FileChannel next = FileChannel.open(
                fresh, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
        write(next, String.join("\n", lines.values()) + "\n");
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        syncFolder();
        file.close();
        file = next;
    }
}
