/* SPDX-License-Identifier: MPL-2.0 */
/* helios-settings-doc prints docs/settings.md. */
#include "settings/settings.h"

int main(void)
{
    _cleanup_(buf_done) struct buf text = {0};
    settings_document(&text);
    return fwrite(text.at, 1, text.n, stdout) == text.n && fflush(stdout) == 0 ? 0 : 1;
}
