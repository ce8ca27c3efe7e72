// SPDX-License-Identifier: GPL-2.0-only
/*
 * image: made at exec, shared at fork, freed with the last holder.
 * Never reads /proc, never guesses what was cut.
 */
#include <stdlib.h>
#include <string.h>

#include "core/exepath.h"
#include "core/image.h"

struct image *image_new(const struct obit_exec *r)
{
	size_t room = EXEPATH_ROOM(r->exe_len) + r->args_len;
	struct image *im = malloc(sizeof(*im) + room), *fit;
	const char *args = r->data + r->exe_len;

	if (!im)
		return NULL;
	memset(im, 0, sizeof(*im));
	im->refs = 1;
	im->scanned = r->flags & OBIT_EXEC_SCANNED;
	im->boot_ns = r->hdr.boot_ns;
	im->exe_len = (uint32_t)exepath_decode(r->flags, r->data, r->exe_len,
					       im->data);
	if (r->flags & OBIT_EXEC_NO_EXE) {
		im->filename_len = (uint32_t)strnlen(r->data, r->exe_len);
		memcpy(im->data, r->data, im->filename_len);
	}
	if (!(r->flags & OBIT_EXEC_ARGS_FAULT)) {
		im->have_args = true;
		im->args_len = r->args_len;
		im->args_cut = r->args_total - r->args_len;
		memcpy(im->data + im->exe_len + im->filename_len, args,
		       r->args_len);
	}
	room = im->exe_len + im->filename_len + im->args_len;
	fit = realloc(im, sizeof(*im) + room);
	if (fit)
		im = fit;
	return im;
}

void image_put(struct image *im)
{
	if (im && !--im->refs)
		free(im);
}
