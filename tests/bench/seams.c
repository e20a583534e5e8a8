/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/*
 * How visible the joints of a film are: seams WIDTH HEIGHT SOURCE FILM JOINT...
 *
 * SOURCE and FILM are raw yuv420p of as many frames, what was sent and what came
 * out; a JOINT is the number, from 0, of the first frame behind it. One that is
 * negative is none, but a frame inside a clip, measured as if it were one. Prints
 * a line of JSON for each, and one for the clips' own insides.
 *
 * Films are judged by their steps from frame to frame, each against the step
 * that the source makes there: what the source does is no fault of the film.
 *
 *   tone   RMS over a grid of 16 x 9 blocks, in Y, U and V, of the film's step
 *          less k times the source's; k, of each plane, is the slope that
 *          explains most of the film's steps inside clips, so that a negative is
 *          judged as a negative
 *   fine   the same, pixel by pixel, in Y at half size
 *   ratio  the worse of both over what is usual inside the clips on either side
 *          where the source moves as much, by the same scale: leaves in the wind
 *          move pixels and no block (never under FLOOR_TONE and FLOOR_FINE
 *          levels)
 *   near   the worst ratio within NEAR frames of the joint, over the median of
 *          such worsts away from joints: a jump that was only moved is seen
 *   step   levels: mean colour after less before, beyond those frames, less k
 *          times the source's: a change of look that is hidden in a slow ramp
 *   sharp  least detail near the joint over the softer of its sides, each as a
 *          part of the source's
 *
 * Steps where the source itself cuts are left out.
 */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS    16
#define ROWS       9
#define BLOCKS     (COLUMNS * ROWS)
#define NEAR       12
#define SIDE       24   /* frames beyond NEAR that a side is judged by */
#define FLOOR_TONE 0.15
#define FLOOR_FINE 0.3
#define CUT        10.0 /* levels of a source's step that make it a cut */

typedef struct Frame {
    float block[3][BLOCKS];
    double detail;
} Frame;

/* The step to a frame from the one before it. */
typedef struct Step {
    double gg, gs, ss;      /* of half-size luma: sums of products, per pixel */
    double value[2], usual[2]; /* of tone and of fine */
    double motion[2];       /* the source's own, likewise */
    double ratio;
    int left_out;           /* a cut of the source */
    int joint, printed;
    int clip;               /* from 0; at a joint the later one */
} Step;

typedef struct Film {
    FILE *file;
    uint8_t *picture;
    float *half, *before;   /* luma at half size, of this frame and the last */
    Frame *frames;
} Film;

static int width, height, nb_frames;

static void *allocate(size_t nb, size_t size)
{
    void *p = calloc(nb, size);

    if (!p)
        exit(2);
    return p;
}

static void average_blocks(const uint8_t *plane, int w, int h, float *block)
{
    for (int by = 0; by < ROWS; by++) {
        for (int bx = 0; bx < COLUMNS; bx++) {
            int x0 = bx * w / COLUMNS, x1 = (bx + 1) * w / COLUMNS;
            int y0 = by * h / ROWS, y1 = (by + 1) * h / ROWS;
            unsigned long sum = 0;

            for (int y = y0; y < y1; y++)
                for (int x = x0; x < x1; x++)
                    sum += plane[y * w + x];
            block[by * COLUMNS + bx] = (float)sum / ((x1 - x0) * (y1 - y0));
        }
    }
}

static double measure_detail(const uint8_t *y)
{
    double sum = 0;

    for (int j = 1; j < height - 1; j++) {
        const uint8_t *p = y + j * width;
        long row = 0;

        for (int i = 1; i < width - 1; i++)
            row += labs(4L * p[i] - p[i - 1] - p[i + 1] - p[i - width] -
                        p[i + width]);
        sum += (double)row;
    }
    return sum / ((double)(width - 2) * (height - 2));
}

static int read_frame(Film *film, int n)
{
    int cw = (width + 1) / 2, ch = (height + 1) / 2;
    size_t luma = (size_t)width * height, chroma = (size_t)cw * ch;
    Frame *frame;
    float *swap = film->half;

    if (fread(film->picture, luma + 2 * chroma, 1, film->file) != 1)
        return 0;
    film->frames = realloc(film->frames, (n + 1) * sizeof(*film->frames));
    if (!film->frames)
        exit(2);
    frame = &film->frames[n];
    average_blocks(film->picture, width, height, frame->block[0]);
    average_blocks(film->picture + luma, cw, ch, frame->block[1]);
    average_blocks(film->picture + luma + chroma, cw, ch, frame->block[2]);
    frame->detail = measure_detail(film->picture);
    film->half   = film->before;
    film->before = swap;
    for (int y = 0; y < height / 2; y++) {
        const uint8_t *p = film->picture + 2 * y * width;

        for (int x = 0; x < width / 2; x++)
            film->half[y * (width / 2) + x] =
                0.25f * (p[2 * x] + p[2 * x + 1] + p[2 * x + width] +
                         p[2 * x + 1 + width]);
    }
    return 1;
}

static void add_products(Step *step, const Film *s, const Film *g)
{
    int n = (width / 2) * (height / 2);

    for (int i = 0; i < n; i++) {
        double ds = s->half[i] - s->before[i], dg = g->half[i] - g->before[i];

        step->gg += dg * dg / n;
        step->gs += dg * ds / n;
        step->ss += ds * ds / n;
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int nb)
{
    qsort(values, nb, sizeof(*values), compare);
    return !nb ? 0 : nb & 1 ? values[nb / 2]
                            : (values[nb / 2 - 1] + values[nb / 2]) / 2;
}

static double slope(const Film *s, const Film *g, const Step *steps, int plane)
{
    double gs = 0, ss = 0;

    for (int i = 1; i < nb_frames; i++) {
        if (steps[i].left_out || steps[i].joint)
            continue;
        for (int b = 0; b < BLOCKS; b++) {
            double ds = s->frames[i].block[plane][b] -
                        s->frames[i - 1].block[plane][b];
            double dg = g->frames[i].block[plane][b] -
                        g->frames[i - 1].block[plane][b];

            gs += dg * ds;
            ss += ds * ds;
        }
    }
    return ss > 0 ? gs / ss : 1;
}

static double tone_of(const Film *s, const Film *g, int i, const double k[3])
{
    double sum = 0;

    for (int p = 0; p < 3; p++) {
        for (int b = 0; b < BLOCKS; b++) {
            double d = g->frames[i].block[p][b] - g->frames[i - 1].block[p][b] -
                       k[p] * (s->frames[i].block[p][b] -
                               s->frames[i - 1].block[p][b]);

            sum += d * d;
        }
    }
    return sqrt(sum / (3 * BLOCKS));
}

/* Steps inside a clip: sums over motion and value. */
typedef struct Line {
    double n, x, y, xx, xy;
} Line;

static void add_to_line(Line *line, double motion, double value)
{
    line->n++;
    line->x  += motion;
    line->y  += value;
    line->xx += motion * motion;
    line->xy += motion * value;
}

static double at(const Line *l, double motion)
{
    double det = l->n * l->xx - l->x * l->x;
    double slope = det > 1e-9 ? fmax(0, (l->n * l->xy - l->x * l->y) / det) : 0;

    return l->n ? (l->y - slope * l->x) / l->n + slope * motion : 0;
}

/* What is usual for that much motion: a line through the steps inside a clip, as
 * grain and placement are each clip's own, or of all clips where it has few. At a
 * joint it is half of both sides'. */
static void find_usual(Step *steps, int fine, double least)
{
    int nb_clips = steps[nb_frames - 1].clip + 1;
    Line *lines = allocate(nb_clips + 1, sizeof(*lines));
    Line *all = &lines[nb_clips];

    for (int i = 1; i < nb_frames; i++) {
        const Step *t = &steps[i];

        if (t->left_out || t->joint)
            continue;
        add_to_line(&lines[t->clip], t->motion[fine], t->value[fine]);
        add_to_line(all, t->motion[fine], t->value[fine]);
    }
    for (int i = 0; i < nb_clips; i++)
        if (lines[i].n < SIDE)
            lines[i] = *all;
    for (int i = 1; i < nb_frames; i++) {
        Step *t = &steps[i];
        const Line *behind = &lines[t->clip], *before = behind - t->joint;

        t->usual[fine] = fmax(least, (at(before, t->motion[fine]) +
                                      at(behind, t->motion[fine])) / 2);
    }
    free(lines);
}

static void set_ratios(Step *steps)
{
    find_usual(steps, 0, FLOOR_TONE);
    find_usual(steps, 1, FLOOR_FINE);
    for (int i = 1; i < nb_frames; i++) {
        Step *t = &steps[i];

        t->ratio = t->left_out ? 0 : fmax(t->value[0] / t->usual[0],
                                          t->value[1] / t->usual[1]);
    }
}

static double worst_near(const Step *steps, int at)
{
    double worst = 0;

    for (int i = at - NEAR; i <= at + NEAR; i++)
        if (i > 0 && i < nb_frames)
            worst = fmax(worst, steps[i].ratio);
    return worst;
}

static double usual_worst(const Step *steps)
{
    double *worsts = allocate(nb_frames, sizeof(*worsts)), value;
    int nb = 0;

    for (int i = 1 + NEAR; i < nb_frames - NEAR; i++) {
        int joint = 0;

        for (int j = i - NEAR; j <= i + NEAR; j++)
            joint |= steps[j].joint;
        if (!joint)
            worsts[nb++] = worst_near(steps, i);
    }
    value = median(worsts, nb);
    free(worsts);
    return fmax(value, 1e-3);
}

/* A plane's mean over frames. */
static double mean_of(const Film *film, int plane, int from, int to)
{
    double sum = 0;

    for (int i = from; i < to; i++)
        for (int b = 0; b < BLOCKS; b++)
            sum += film->frames[i].block[plane][b];
    return sum / BLOCKS / (to - from);
}

static double step_over(const Film *s, const Film *g, int at, const double k[3])
{
    int a0 = at - NEAR - SIDE, a1 = at - NEAR, b0 = at + NEAR;
    int b1 = at + NEAR + SIDE;
    double worst = 0;

    if (a0 < 0 || b1 > nb_frames)
        return NAN;
    for (int p = 0; p < 3; p++) {
        double dg = mean_of(g, p, b0, b1) - mean_of(g, p, a0, a1);
        double ds = mean_of(s, p, b0, b1) - mean_of(s, p, a0, a1);

        worst = fmax(worst, fabs(dg - k[p] * ds));
    }
    return worst;
}

static double detail_of(const Film *s, const Film *g, int i)
{
    return g->frames[i].detail / fmax(s->frames[i].detail, 0.1);
}

static double side_detail(const Film *s, const Film *g, int from, int to)
{
    double values[SIDE];

    for (int i = from; i < to; i++)
        values[i - from] = detail_of(s, g, i);
    return median(values, to - from);
}

static double sharpness(const Film *s, const Film *g, int at)
{
    double least = INFINITY;

    if (at - NEAR - SIDE < 0 || at + NEAR + SIDE > nb_frames)
        return NAN;
    for (int i = at - NEAR; i < at + NEAR; i++)
        least = fmin(least, detail_of(s, g, i));
    return least / fmin(side_detail(s, g, at - NEAR - SIDE, at - NEAR),
                        side_detail(s, g, at + NEAR, at + NEAR + SIDE));
}

static void open_film(Film *film, const char *path)
{
    size_t half = (size_t)(width / 2) * (height / 2);

    film->file = fopen(path, "rb");
    if (!film->file) {
        perror(path);
        exit(2);
    }
    film->picture = allocate((size_t)width * height + 2 *
                             ((size_t)(width + 1) / 2) * ((height + 1) / 2), 1);
    film->half    = allocate(half, sizeof(float));
    film->before  = allocate(half, sizeof(float));
}

static void print_number(const char *name, double value, const char *behind)
{
    if (isfinite(value))
        printf("\"%s\":%.3f%s", name, value, behind);
    else
        printf("\"%s\":null%s", name, behind);
}

int main(int argc, char **argv)
{
    Film s = { 0 }, g = { 0 };
    Step *steps = NULL;
    double k[3], usual, *inside;
    int nb_inside = 0;

    if (argc < 5 || (width = atoi(argv[1])) < 32 ||
        (height = atoi(argv[2])) < 32) {
        fputs("usage: seams WIDTH HEIGHT SOURCE FILM JOINT...\n", stderr);
        return 2;
    }
    open_film(&s, argv[3]);
    open_film(&g, argv[4]);
    while (read_frame(&s, nb_frames) && read_frame(&g, nb_frames)) {
        steps = realloc(steps, (nb_frames + 1) * sizeof(*steps));
        if (!steps)
            return 2;
        memset(&steps[nb_frames], 0, sizeof(*steps));
        if (nb_frames)
            add_products(&steps[nb_frames], &s, &g);
        nb_frames++;
    }
    for (int i = 5; i < argc; i++) {
        int number = atoi(argv[i]), joint = abs(number);

        if (joint > 0 && joint < nb_frames) {
            steps[joint].joint   = number > 0;
            steps[joint].printed = 1;
        }
    }
    for (int i = 1; i < nb_frames; i++) {
        static const double zero[3];

        /* the source's own step, without anything to compare it with */
        steps[i].motion[0] = tone_of(&s, &s, i, zero);
        steps[i].motion[1] = sqrt(steps[i].ss);
        steps[i].left_out  = steps[i].motion[0] > CUT;
    }
    for (int p = 0; p < 3; p++)
        k[p] = slope(&s, &g, steps, p);
    for (int i = 1; i < nb_frames; i++) {
        Step *t = &steps[i];

        t->clip = t[-1].clip + (t->joint && !t[-1].joint);
        t->value[0] = tone_of(&s, &g, i, k);
        t->value[1] = sqrt(fmax(0, t->gg - 2 * k[0] * t->gs + k[0] * k[0] * t->ss));
    }
    set_ratios(steps);
    usual = usual_worst(steps);
    inside = allocate(nb_frames, sizeof(*inside));
    for (int i = 1; i < nb_frames; i++) {
        if (!steps[i].joint && !steps[i].left_out)
            inside[nb_inside++] = steps[i].ratio;
        if (!steps[i].printed)
            continue;
        printf("{\"%s\":%d,\"cut\":%d,", steps[i].joint ? "joint" : "inside", i,
               steps[i].left_out);
        print_number("tone", steps[i].value[0], ",");
        print_number("fine", steps[i].value[1], ",");
        print_number("ratio", steps[i].ratio, ",");
        print_number("near", worst_near(steps, i) / usual, ",");
        print_number("step", step_over(&s, &g, i, k), ",");
        print_number("sharp", sharpness(&s, &g, i), "}\n");
    }
    qsort(inside, nb_inside, sizeof(*inside), compare);
    printf("{\"frames\":%d,", nb_frames);
    print_number("slope", k[0], ",");
    print_number("usual", median(inside, nb_inside), ",");
    print_number("usual_95", nb_inside ? inside[nb_inside * 95 / 100] : 0, "}\n");
    return 0;
}
