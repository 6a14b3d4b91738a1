/* SPDX-License-Identifier: MPL-2.0 */
/* What `helios doctor` prints. Refuses to know what is checked. */
#include "common/text.h"
#include "doctor.h"
#include "paint.h"

const char *const grade_words[GRADES] = {"ok", "skip", "warn", "fail"};

static const enum tone tones[GRADES] = {TONE_GOOD, TONE_DIM, TONE_WARN, TONE_BAD};

void found(struct finding *f, enum grade grade, const char *todo, const char *seen, ...)
{
    va_list args;
    if (f->seen.n && grade <= f->grade)
        return;
    buf_clear(&f->seen);
    buf_clear(&f->todo);
    f->grade = grade;
    va_start(args, seen);
    buf_vprintf(&f->seen, seen, args);
    va_end(args);
    buf_text(&f->todo, todo ? todo : "");
}

json_t *finding_json(const struct doctor_check *check, const struct finding *f)
{
    struct buf seen = {0}, todo = {0};
    text_safe(&seen, buf_bytes(&f->seen));
    text_safe(&todo, buf_bytes(&f->todo));
    json_t *row = json_pack("{ssssssssss}", "group", check->group, "check", check->name, "grade",
                            grade_words[f->grade], "seen", buf_str(&seen), "todo", buf_str(&todo));
    buf_done(&seen);
    buf_done(&todo);
    return row;
}

/* What peers and files say can never drive the terminal (A7). */
void finding_paint(struct buf *out, const struct doctor_check *check, const struct finding *f)
{
    enum tone text = f->grade == GRADE_SKIP ? TONE_DIM : TONE_PLAIN;
    struct buf seen = {0}, todo = {0};
    text_safe(&seen, buf_bytes(&f->seen));
    text_safe(&todo, buf_bytes(&f->todo));
    buf_text(out, "  ");
    paint(out, tones[f->grade], "%-4s", grade_words[f->grade]);
    paint(out, text, "  %-18s %s\n", check->name, buf_str(&seen));
    if (todo.n)
        paint(out, TONE_BOLD, "%25s→ %s\n", "", buf_str(&todo));
    buf_done(&seen);
    buf_done(&todo);
}

void grades_paint(struct buf *out, const unsigned counts[GRADES])
{
    static const enum grade order[] = {GRADE_FAIL, GRADE_WARN, GRADE_OK, GRADE_SKIP};
    static const char *const words[GRADES] = {"good", "skipped", "to look at", "to mend"};
    buf_text(out, "\n");
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        if (counts[order[i]])
            paint(out, tones[order[i]], "%u %s  ", counts[order[i]], words[order[i]]);
    buf_text(out, "\n");
}

int grades_exit(const unsigned counts[GRADES])
{
    return counts[GRADE_FAIL] ? 2 : counts[GRADE_WARN] ? 1 : 0;
}
