import com.google.protobuf.Timestamp;
import davy.v1.AlarmOuterClass.Alarm;
import davy.v1.AlarmOuterClass.AlarmState;
import davy.v1.AlertOuterClass.Alert;
import davy.v1.AlertOuterClass.TransitionKind;
import davy.v1.TierOuterClass.Tier;
import java.util.LinkedHashMap;
import java.util.Map;

/** What there is to do. A number without a name is told as it is: Davy may be newer than this. */
final class Deed {
    private Deed() { }

    static Map<String, Object> of(Alert alert) {
        String transition = name(TransitionKind.forNumber(alert.getTransitionValue()), alert.getTransitionValue());
        return deed(alert.getId(), alert.getRecordedTime(), alert.getSite(), alert.getSequence(), transition, alert.getTierValue(),
                alert.getStateValue(), alert.getMessage().getEn());
    }

    /** An alarm that stands, under the key of the alert that made it so. */
    static Map<String, Object> of(Alarm alarm) {
        String id = alarm.getId() + "#" + alarm.getOccurrence() + "." + Integer.toUnsignedString(alarm.getStep());
        return deed(id, alarm.getLastTransitionTime(), alarm.getSite(), alarm.getLastSequence(), "SNAPSHOT", alarm.getTierValue(),
                alarm.getStateValue(), alarm.getMessage().getEn());
    }

    private static Map<String, Object> deed(
            String id, Timestamp recorded, String site, long sequence, String transition, int tier,
            int state, String message) {
        Map<String, Object> deed = new LinkedHashMap<>();
        deed.put("id", id);
        deed.put("recorded", String.format("%d.%09d", recorded.getSeconds(), recorded.getNanos()));
        deed.put("site", site);
        deed.put("sequence", sequence);
        deed.put("transition", transition);
        deed.put("tier", name(Tier.forNumber(tier), tier));
        deed.put("state", name(AlarmState.forNumber(state), state));
        deed.put("message", message);
        return deed;
    }

    private static String name(Enum<?> value, int number) {
        return value == null ? Integer.toString(number) : value.name();
    }
}
