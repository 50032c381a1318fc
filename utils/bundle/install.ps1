# Install the tutorial from this folder; no network is needed:
#     powershell -ExecutionPolicy Bypass -File install.ps1 [FOLDER]
# It looks for the Python that the wheels are for; install.py does the rest.
param([string]$Folder)
$here = $PSScriptRoot
$fits = "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '@PYTHON@')"
# Ending in a dot, for a closing backslash would escape the quote that follows it.
$arguments = @("-B", (Join-Path $here "install.py"))
if ($Folder) { $arguments += (Join-Path $Folder ".") }
foreach ($python in @($env:PYTHON, "python@PYTHON@", "python3", "python", "py")) {
    if (-not $python) { continue }
    if (-not (Get-Command $python -ErrorAction SilentlyContinue)) { continue }
    $version = @()
    if ($python -eq "py") { $version = @("-@PYTHON@") }
    & $python @version -c $fits 2>&1 | Out-Null
    if ($LASTEXITCODE -eq 0) {
        & $python @version @arguments
        exit $LASTEXITCODE
    }
}
Write-Host "Python @PYTHON@ is needed, since the wheels in $here are for it."
Write-Host "Found none as python@PYTHON@, python3, python or py. Nothing was changed."
Write-Host "Install it, or say where it is in the variable PYTHON."
exit 1
