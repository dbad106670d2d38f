// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** All settings that a record of settings has, in the order of its components. Immutable. */
public final class SettingCatalog {
    private static final int SIZE_STEP = 1_024;
    private static final List<String> SIZE_UNITS = List.of("", "KiB", "MiB", "GiB", "TiB");

    private final List<Setting> settings;

    private SettingCatalog(List<Setting> settings) {
        this.settings = List.copyOf(settings);
    }

    /** Those of a record, with its values as defaults. */
    public static SettingCatalog of(Record defaults) {
        var found = new ArrayList<Setting>();
        collect(defaults, "", found);
        return new SettingCatalog(found);
    }

    /** All of them. */
    public List<Setting> all() {
        return settings;
    }

    /** The setting of that path. */
    public Optional<Setting> find(String path) {
        return settings.stream().filter(setting -> setting.path().equals(path)).findFirst();
    }

    /** The known path that is spelt most like the given one. */
    String nearest(String path) {
        return Spelling.nearest(path, settings.stream().map(Setting::path).toList());
    }

    private static void collect(Record values, String prefix, List<Setting> into) {
        for (RecordComponent component : values.getClass().getRecordComponents()) {
            Object value = value(values, component);
            var path = prefix + component.getName();
            if (value instanceof Record inner) {
                collect(inner, path + ".", into);
            } else {
                var meaning = component.getAnnotation(Meaning.class);
                into.add(new Setting(
                        path, kind(component), text(component, value), meaning == null ? "" : meaning.value()));
            }
        }
    }

    private static Object value(Record values, RecordComponent component) {
        try {
            var accessor = component.getAccessor();
            accessor.setAccessible(true);
            return Objects.requireNonNull(accessor.invoke(values), component::getName);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component + " of a settings record cannot be read", e);
        }
    }

    private static Setting.Kind kind(RecordComponent component) {
        var type = component.getType();
        if (type == int.class) {
            return Setting.Kind.NUMBER;
        }
        if (type == long.class) {
            return Setting.Kind.SIZE;
        }
        if (type == boolean.class) {
            return Setting.Kind.SWITCH;
        }
        if (type == Duration.class) {
            return Setting.Kind.DURATION;
        }
        if (type == Path.class) {
            return Setting.Kind.PATH;
        }
        if (Map.class.isAssignableFrom(type)) {
            return Setting.Kind.MAP;
        }
        return Collection.class.isAssignableFrom(type) ? Setting.Kind.LIST : Setting.Kind.TEXT;
    }

    private static String text(RecordComponent component, Object value) {
        if (value instanceof Duration duration) {
            return text(duration);
        }
        if (value instanceof Collection<?> several) {
            return several.stream()
                    .map(one -> one instanceof Enum<?> name ? name.name().toLowerCase(Locale.ROOT) : one.toString())
                    .sorted()
                    .collect(Collectors.joining(", ", "[", "]"));
        }
        return component.getType() == long.class ? size((Long) value) : value.toString();
    }

    private static String text(Duration duration) {
        long millis = duration.toMillis();
        if (millis % 3_600_000 == 0 && millis != 0) {
            return millis / 3_600_000 + "h";
        }
        if (millis % 60_000 == 0 && millis != 0) {
            return millis / 60_000 + "m";
        }
        return millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
    }

    private static String size(long bytes) {
        long left = bytes;
        int unit = 0;
        while (left != 0 && left % SIZE_STEP == 0 && unit < SIZE_UNITS.size() - 1) {
            left /= SIZE_STEP;
            unit++;
        }
        return left + SIZE_UNITS.get(unit);
    }

    @Override
    public String toString() {
        return Arrays.toString(settings.stream().map(Setting::path).toArray());
    }
}
