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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift.h"

static const char *const names[] = {
    "tone", "field", "place", "grain", "slide", "objects",
};

int sim_drift_parse(const char *list)
{
    int set = 0;

    if (!strcmp(list, "all"))
        return SIM_DRIFT_ALL;
    while (*list) {
        size_t length = strcspn(list, ","), i;

        for (i = 0; i < SIM_ELEMS(names); i++) {
            if (strlen(names[i]) == length && !strncmp(names[i], list, length))
                break;
        }
        if (i == SIM_ELEMS(names))
            return -1;
        set  |= 1 << i;
        list += length + (list[length] == ',');
    }
    return set ? set : -1;
}

/* SplitMix64: every seed gives a row of its own. */
static double draw(uint64_t *state, double range)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return ((double)(z >> 11) / (double)(1ULL << 52) - 1) * range;
}

/* A few soft hills, drawn small and enlarged, added to the picture. */
static void append_field(SimBuf *graph, uint64_t *state, int width, int height)
{
    double a = draw(state, 5), b = draw(state, 5), c = draw(state, 3);
    double p = draw(state, 3), q = draw(state, 3);

    sim_buf_printf(graph, "[drifted];color=gray:s=24x16:d=1,format=yuv420p,"
                   "geq=lum='128+%.3f*sin(X/8+%.3f)*cos(Y/6)+%.3f*cos(X/11-Y/7"
                   "+%.3f)':cb='128+%.3f*sin(X/5+%.3f)':cr='128+%.3f*cos(Y/4+"
                   "%.3f)',scale=%d:%d:flags=bicubic,loop=-1:1,setsar=1[field];"
                   "[drifted][field]blend=all_mode=grainmerge:shortest=1",
                   a * 0.6, p, b * 0.6, q, c, q, -c, p, width, height);
}

/* A drift of tone and place; none where 0, or 1 for a factor. */
typedef struct Tone {
    double brightness, contrast, saturation, gamma, slide, dx, dy, zoom;
} Tone;

/* Those, the field and the grain in ten bits, which most filters for them do not
 * know: as one formula. */
static void append_deep(SimBuf *graph, int set, const Tone *t, uint64_t *state)
{
    double a = 0, b = 0, c = 0, p = 0, q = 0;

    if (set & SIM_DRIFT_FIELD) {
        a = draw(state, 5);
        b = draw(state, 5);
        c = draw(state, 3);
        p = draw(state, 3);
        q = draw(state, 3);
    }
    /* 0: the sample from where it lies; 1 and 2: a place of 24x16 */
    sim_buf_printf(graph, ",geq=");
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = { "lum", "cb", "cr" };

        sim_buf_printf(graph, "%s%s='st(0,%s(X*%.6f+%.4f*SW+%.6f*W,"
                       "Y*%.6f+%.4f*SH+%.6f*H));st(1,X*24/W);st(2,Y*16/H);",
                       i ? ":" : "", names[i], names[i], 1 - t->zoom, t->dx,
                       t->zoom / 2, 1 - t->zoom, t->dy, t->zoom / 2);
        if (i)
            sim_buf_printf(graph, "512+%.5f*(ld(0)-512)+4*%.3f*%s'",
                           t->saturation, i == 1 ? c : -c,
                           i == 1 ? "sin(ld(1)/5)" : "cos(ld(2)/4)");
        else
            sim_buf_printf(graph, "1023*pow(clip(%.5f*(ld(0)/1023-0.5)+0.5+"
                           "%.5f+%.5f*T,0,1),%.5f)+4*(%.3f*sin(ld(1)/8+%.3f)*"
                           "cos(ld(2)/6)+%.3f*cos(ld(1)/11-ld(2)/7+%.3f))+"
                           "%d*(mod(abs(sin(X*12.9898+Y*78.233+N*37.719+%d))*"
                           "43758.5453,1)-0.5)'", t->contrast, t->brightness,
                           t->slide, 1 / t->gamma, a * 0.6, p, b * 0.6, q,
                           set & SIM_DRIFT_GRAIN ? 20 : 0,
                           (int)(*state % 1000));
    }
}

void sim_drift_append(SimBuf *graph, int set, uint64_t seed, int number,
                      int width, int height, int deep)
{
    uint64_t state = (uint64_t)number * 0xa0761d6478bd642f ^
                     seed * 0xd1342543de82ef95;

    /* Everything is drawn whether it is used or not: less in the set changes
     * nothing of the rest. */
    {
        double brightness = draw(&state, 0.03), contrast = draw(&state, 0.08);
        double saturation = draw(&state, 0.12), gamma = draw(&state, 0.08);
        double hue = draw(&state, 5), slide = draw(&state, 0.004);
        double dx = draw(&state, 1.5), dy = draw(&state, 1.5);
        double zoom = draw(&state, 0.004);
        int ox = (int)(width / 2 + draw(&state, width * 0.4));
        int oy = (int)(height / 2 + draw(&state, height * 0.4));
        int tone = set & SIM_DRIFT_TONE, place = set & SIM_DRIFT_PLACE;
        const Tone all = {
            .brightness = tone ? brightness : 0,
            .contrast   = tone ? 1 + contrast : 1,
            .saturation = tone ? 1 + saturation : 1,
            .gamma = tone ? 1 + gamma : 1,
            .slide = set & SIM_DRIFT_SLIDE ? slide : 0,
            .dx    = place ? dx : 0, .dy = place ? dy : 0,
            .zoom  = place ? zoom : 0,
        };

        if (!deep && set & (SIM_DRIFT_TONE | SIM_DRIFT_SLIDE))
            sim_buf_printf(graph, ",eq=brightness='%.5f+%.5f*t':contrast=%.5f:"
                           "saturation=%.5f:gamma=%.5f:eval=frame",
                           all.brightness, all.slide, all.contrast,
                           all.saturation, all.gamma);
        if (tone)
            sim_buf_printf(graph, ",hue=h=%.4f", hue);
        if (!deep && place) {
            double x = zoom * width / 2, y = zoom * height / 2;

            sim_buf_printf(graph, ",perspective=x0=%.3f:y0=%.3f:x1=%.3f:"
                           "y1=%.3f:x2=%.3f:y2=%.3f:x3=%.3f:y3=%.3f:"
                           "interpolation=cubic", dx + x, dy + y,
                           width + dx - x, dy + y, dx + x, height + dy - y,
                           width + dx - x, height + dy - y);
        }
        if (set & SIM_DRIFT_OBJECTS)
            sim_buf_printf(graph, ",drawbox=%d:%d:%d:%d:color=orange@0.6:"
                           "t=fill", ox, oy, width / 24, height / 16);
        if (deep) {
            append_deep(graph, set, &all, &state);
            return;
        }
        if (set & SIM_DRIFT_FIELD)
            append_field(graph, &state, width, height);
        if (set & SIM_DRIFT_GRAIN)
            sim_buf_printf(graph, ",noise=c0s=5:c0f=t:all_seed=%d",
                           (int)(state % 100000));
    }
}
