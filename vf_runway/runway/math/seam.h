/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/**
 * @file
 * The joint of two clips that were generated independently: each has a colour
 * and a light of its own. What the later one should have looked like follows
 * from the last picture of the one before and from the source, which shows what
 * really changed between the two. Arithmetic on planes and small grids, no I/O.
 * A joint is the place where two clips meet, a seam what is made of it; for users
 * both are the seam.
 *
 * A correction is a curve for luma, a turn of the chroma plane, and a soft field
 * for each plane. It is fitted on block means alone, so no picture is kept, and
 * fades over the clip, so the later clip ends in its own look and corrections do
 * not add up from clip to clip.
 */

#ifndef AVFILTER_RUNWAY_MATH_SEAM_H
#define AVFILTER_RUNWAY_MATH_SEAM_H

#include <stdint.h>

#define RUNWAY_SEAM_COLUMNS 32
#define RUNWAY_SEAM_ROWS    18
#define RUNWAY_SEAM_BLOCKS  (RUNWAY_SEAM_COLUMNS * RUNWAY_SEAM_ROWS)

/** Planes of a picture: luma, and chroma subsampled by powers of two. */
typedef struct RunwaySeamPicture {
    uint8_t *data[3];
    int stride[3];              ///< bytes
    int width, height;          ///< of luma
    int log2_chroma_w, log2_chroma_h;
    int bits;                   ///< of a sample; from 9 on it takes two bytes
    int gray;                   ///< luma is all there is
} RunwaySeamPicture;

/** Means of a picture's blocks, in levels of 255 whatever its depth. */
typedef struct RunwaySeamGrid {
    float mean[3][RUNWAY_SEAM_BLOCKS];
} RunwaySeamGrid;

void ff_runway_seam_measure(RunwaySeamGrid *grid,
                            const RunwaySeamPicture *picture);

/** What was made of a joint. */
typedef enum RunwaySeamFit {
    RUNWAY_SEAM_MATCHED,    ///< there is a correction
    RUNWAY_SEAM_CUT,        ///< the source itself cuts or fades there
    RUNWAY_SEAM_CLOSE,      ///< nothing worth correcting
    RUNWAY_SEAM_UNLIKE,     ///< no correction makes it clearly better
} RunwaySeamFit;

/** Knots of the curve, at equal distances over the 255 levels. */
#define RUNWAY_SEAM_KNOTS 9

/** A correction, at its full strength. Levels of 255. */
typedef struct RunwaySeam {
    /** What is added to luma at each knot. */
    double curve[RUNWAY_SEAM_KNOTS];
    /** What is added to U and V: a constant, and parts of U - 128 and V - 128. */
    double chroma[2][3];
    /** What is added at each block's centre. */
    float field[3][RUNWAY_SEAM_BLOCKS];
} RunwaySeam;

/** What a curve adds at a level. */
double ff_runway_seam_curve_at(const double *curve, double level);

/**
 * Fit the correction of a clip. source and film are the last frame before the
 * joint [0] and the first behind it [1], of what was sent and of what came back;
 * of one frame that both clips show, source is one grid twice.
 * seam is only set where the answer is RUNWAY_SEAM_MATCHED.
 */
RunwaySeamFit ff_runway_seam_fit(RunwaySeam *seam,
                                 const RunwaySeamGrid *const source[2],
                                 const RunwaySeamGrid *const film[2]);

#define RUNWAY_SEAM_CUTS 8

/** Where a source becomes another picture. Begins as zeros. */
typedef struct RunwaySeamWatch {
    RunwaySeamGrid last;    ///< its last picture
    int seen;               ///< pictures
    int nb_cuts;            ///< those it is not back from; of more, the newest
    int64_t cuts[RUNWAY_SEAM_CUTS]; ///< when it became another, in order
    RunwaySeamGrid before[RUNWAY_SEAM_CUTS]; ///< the pictures in front of them
    int64_t back;           ///< when it last was back from one, a flash, which
                            ///< is no cut then; 0: never
} RunwaySeamWatch;

/** The source's next picture, which is shown from a time on; any clock. */
void ff_runway_seam_watch(RunwaySeamWatch *watch, const RunwaySeamGrid *look,
                          int64_t time);

/** How strong a correction is at a time behind the joint: 1 at once, 0 from
 *  length or RUNWAY_SEAM_FADE on. Microseconds. */
double ff_runway_seam_strength(int64_t time, int64_t length);

#define RUNWAY_SEAM_FADE 4000000LL

/**
 * Correct a picture where it is, by so much of seam.
 * @return 0, or -1 when there is no memory for a few lines
 */
int ff_runway_seam_apply(const RunwaySeam *seam, double strength,
                         const RunwaySeamPicture *picture);

/**
 * Cross-fade two pictures of one format and size into a third, weight of b, 0..1.
 * Fine detail of luma that is not the same in both, as grain, loses up to three
 * tenths of its strength in a plain mean; half of that is given back.
 * @return as above
 */
int ff_runway_seam_mix(const RunwaySeamPicture *to, const RunwaySeamPicture *a,
                       const RunwaySeamPicture *b, double weight);

/** Solve a x = b of n unknowns, a symmetric and positive definite; both are
 *  changed, and x comes to b's place. @return whether there is an answer */
int ff_runway_seam_solve(double *a, double *b, int n);

#endif /* AVFILTER_RUNWAY_MATH_SEAM_H */
